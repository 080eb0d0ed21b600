/** When a request came, waited, worked and ended, who did it, and what it cost. */
import type { RequestView } from "../../../src/playground/api.ts";
import { dollars, moment, seconds } from "../shared/format.ts";

/** @param charges whether this server charges the vendor's price. */
export function RequestFacts({ view, charges }: { readonly view: RequestView; readonly charges: boolean }) {
  const { createdAt, startedAt, finishedAt, status, units } = view;
  const waited = startedAt === null ? null : (startedAt - createdAt) / 1000;
  const ran = startedAt === null || finishedAt === null ? null : (finishedAt - startedAt) / 1000;
  const time = (at: number | null): string | null => (at === null ? null : moment(at));
  const facts: readonly (readonly [string, string | null])[] = [
    ["Submitted", time(createdAt)],
    ["Started", time(startedAt)],
    ["Ended", time(finishedAt)],
    ["Work of the last attempt", view.computeSeconds === null ? null : seconds(view.computeSeconds)],
    ["Engine", view.engine],
    ["Called as", view.requestedAs],
    ["Through", view.dialect === "fal" ? "fal's API" : "WaveSpeed's API"],
    ["Units", units === null ? null : String(Math.round(units * 1e4) / 1e4)],
    [charges ? "Cost" : "Vendor's price", view.price === null || status !== "succeeded" ? null : dollars(view.price)],
    ["Charged here", charges || status !== "succeeded" ? null : "Nothing"],
  ];
  return (
    <section className="panel" aria-label="Times and cost">
      <div className="panel-head">
        <h2>Times and cost</h2>
      </div>
      {waited !== null && ran !== null && <Timeline waited={waited} ran={ran} />}
      <dl className="request-facts-list">
        {facts.map(
          ([name, value]) =>
            value !== null && (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
      </dl>
    </section>
  );
}

/** @param waited and `ran`: seconds. */
function Timeline({ waited, ran }: { readonly waited: number; readonly ran: number }) {
  const total = Math.max(waited + ran, 0.001);
  return (
    <div className="timeline">
      <div className="timeline-bar" aria-hidden="true">
        <span className="timeline-waited" style={{ flexGrow: waited / total }} />
        <span className="timeline-ran" style={{ flexGrow: ran / total }} />
      </div>
      <dl>
        <div>
          <dt className="timeline-waited">In the queue</dt>
          <dd>{seconds(waited)}</dd>
        </div>
        <div>
          <dt className="timeline-ran">Running</dt>
          <dd>{seconds(ran)}</dd>
        </div>
      </dl>
    </div>
  );
}
