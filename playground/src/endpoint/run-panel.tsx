/** How a run stands, and what came of it. */
import { useState } from "react";
import { ResultView } from "../result/result-view.tsx";
import { CopyButton } from "../shared/copy-button.tsx";
import { dollars, seconds } from "../shared/format.ts";
import type { Values } from "../shared/schema.ts";
import type { Run, RunControl } from "./use-run.ts";

/** @param source URL of the video that a result is compared with. */
export function RunPanel({
  control,
  source,
  input,
  charges,
  facts = true,
}: {
  readonly control: RunControl;
  readonly source: string | undefined;
  readonly input: Values;
  readonly charges: boolean;
  /** Whether times and cost are said here. @defaultValue true */
  readonly facts?: boolean;
}) {
  const { run } = control;
  const open = run.phase === "submitting" || run.phase === "queued" || run.phase === "running";
  return (
    <section className="panel run" aria-label="Result">
      <div className="panel-head">
        <h2>{run.phase === "succeeded" ? "Result" : "Run"}</h2>
        <span className={`run-state ${run.phase}`} role="status">
          {stateOf(run)}
        </span>
        {open && run.id !== undefined && (
          <button
            type="button"
            className="button small"
            disabled={run.cancelling}
            onClick={() => void control.cancel()}
          >
            {run.cancelling ? "Cancelling…" : "Cancel"}
          </button>
        )}
      </div>
      {open && (
        <progress
          className="run-progress"
          aria-label="Progress"
          {...(run.phase === "running" && run.progress !== undefined ? { value: run.progress } : {})}
        />
      )}
      {run.error && run.phase !== "cancelled" && (
        <div className="notice danger" role="alert">
          {run.error.issues.length > 0 ? (
            <ul className="run-issues">
              {run.error.issues.map(({ loc, msg }) => (
                <li key={`${loc.join(".")} ${msg}`}>
                  {loc.length > 1 && <code>{loc.slice(1).join(".")}</code>} {msg}
                </li>
              ))}
            </ul>
          ) : (
            run.error.message
          )}
        </div>
      )}
      {run.phase === "succeeded" && run.view && <ResultView view={run.view} source={source} result={run.result} />}
      {facts && run.view && run.phase !== "cancelled" && <Facts run={run} charges={charges} />}
      <Details run={run} input={input} />
    </section>
  );
}

function stateOf({ phase, position, progress, stage }: Run): string {
  switch (phase) {
    case "idle":
      return "";
    case "submitting":
      return "Sending…";
    case "queued":
      return position === undefined || position === 0 ? "Next in the queue" : `${position} ahead in the queue`;
    case "running":
      return `${stage ?? "Working"}${progress === undefined ? "" : `, ${Math.round(progress * 100)} %`}`;
    case "succeeded":
      return "Done";
    case "failed":
      return "Failed";
    case "cancelled":
      return "Cancelled";
  }
}

function Facts({ run, charges }: { readonly run: Run; readonly charges: boolean }) {
  const { view } = run;
  if (!view) return null;
  const waited = view.startedAt === null ? null : (view.startedAt - view.createdAt) / 1000;
  const facts: readonly (readonly [string, string | null])[] = [
    ["Work", view.computeSeconds === null ? null : seconds(view.computeSeconds)],
    ["In the queue", waited === null ? null : seconds(waited)],
    ["Engine", view.engine],
    [
      charges ? "Cost" : "Vendor's price",
      view.price === null || view.status !== "succeeded" ? null : dollars(view.price),
    ],
  ];
  return (
    <dl className="facts">
      {facts.map(
        ([name, value]) =>
          value !== null && (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
      <div>
        <dt>Request</dt>
        <dd className="mono">{view.id}</dd>
      </div>
    </dl>
  );
}

/** Log, JSON in and JSON out, one at a time. */
function Details({ run, input }: { readonly run: Run; readonly input: Values }) {
  const [shown, setShown] = useState<"log" | "in" | "out">("log");
  if (run.phase === "idle") return null;
  const text = shown === "in" ? JSON.stringify(input, null, 2) : JSON.stringify(run.result ?? null, null, 2);
  return (
    <div className="run-details">
      <div className="panel-head">
        <div className="segmented">
          {(
            [
              ["log", `Log${run.logs.length > 0 ? ` ${run.logs.length}` : ""}`],
              ["in", "JSON in"],
              ["out", "JSON out"],
            ] as const
          ).map(([value, words]) => (
            <button key={value} type="button" aria-pressed={shown === value} onClick={() => setShown(value)}>
              {words}
            </button>
          ))}
        </div>
        {shown !== "log" && <CopyButton text={text} what="JSON" />}
      </div>
      {shown === "log" ? (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard.
        <ol className="log" aria-label="Log" tabIndex={0}>
          {run.logs.length === 0 && <li className="log-empty">Nothing yet.</li>}
          {run.logs.map(({ at, level, message }, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines are only ever added at the end.
            <li key={index} className={level.toLowerCase()}>
              <time>{new Date(at).toLocaleTimeString("en", { hour12: false })}</time>
              {message}
            </li>
          ))}
        </ol>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard.
        <pre tabIndex={0}>{text}</pre>
      )}
    </div>
  );
}
