/** What this account ran: filtered, looked at, run again, deleted. */
import { useEffect, useState } from "react";
import type { CatalogReply, RequestItem } from "../../../src/playground/api.ts";
import { loadCatalog } from "../shared/api.ts";
import { ago, clock, day, dollars, moment, seconds } from "../shared/format.ts";
import { Icon } from "../shared/icons.tsx";
import { endpointPath, Link, navigate, useQuery } from "../shared/router.tsx";
import { StatusBadge } from "../shared/status-badge.tsx";
import { useAsync } from "../shared/use-async.ts";
import { DeleteRequest } from "./delete-request.tsx";
import { Filters, isFiltered } from "./filters.tsx";
import "./history.css";
import { Preview } from "./preview.tsx";
import { useHistory } from "./use-history.ts";

/** The page. */
export default function HistoryPage() {
  const { value: catalog, error } = useAsync("catalog", loadCatalog);
  useEffect(() => {
    document.title = "History · Reshoot";
  }, []);
  if (error) throw error;
  return (
    <>
      <header className="history-head">
        <h1>History</h1>
        <p>{catalog ? keeping(catalog) : " "}</p>
      </header>
      {catalog ? <List catalog={catalog} /> : <Skeleton />}
    </>
  );
}

function List({ catalog }: { readonly catalog: CatalogReply }) {
  const query = useQuery();
  const { items, hasMore, loading, error, more, remove } = useHistory(query.toString());
  const [doomed, setDoomed] = useState<RequestItem>();
  const [said, setSaid] = useState("");
  const titleOf = (id: string): string => catalog.endpoints.find((endpoint) => endpoint.id === id)?.title ?? id;
  const days = [...new Set((items ?? []).map(({ createdAt }) => day(createdAt)))];

  return (
    <>
      <Filters query={query} catalog={catalog} />
      <p className="visually-hidden" role="status">
        {said || (loading || !items ? "" : `${items.length}${hasMore ? " and more" : ""} requests`)}
      </p>
      {error && (
        <p className="notice danger" role="alert">
          {error.message}
        </p>
      )}
      {!items && !error && <Skeleton />}
      {items?.length === 0 && !loading && (
        <div className="history-empty">
          <h2>{isFiltered(query) ? "Nothing matches" : "Nothing has run yet"}</h2>
          <p>
            {isFiltered(query)
              ? "No request of this account fits these filters."
              : "Every request of this account appears here, from this page and from programs alike."}
          </p>
          {isFiltered(query) ? (
            <button type="button" className="button" onClick={() => navigate("/history")}>
              Show all
            </button>
          ) : (
            <Link className="button primary" href="/">
              Pick an endpoint
            </Link>
          )}
        </div>
      )}
      <div className={loading && items ? "history-days stale" : "history-days"}>
        {days.map((name) => (
          <section key={name} aria-label={name}>
            <h2>{name}</h2>
            <ul className="requests">
              {items
                ?.filter(({ createdAt }) => day(createdAt) === name)
                .map((item) => (
                  <Row
                    key={item.id}
                    item={item}
                    title={titleOf(item.endpoint)}
                    catalog={catalog}
                    onDelete={() => setDoomed(item)}
                  />
                ))}
            </ul>
          </section>
        ))}
      </div>
      {hasMore && (
        <button type="button" className="button history-more" disabled={loading} onClick={more}>
          {loading ? "Loading…" : "Show older ones"}
        </button>
      )}
      {doomed && (
        <DeleteRequest
          request={doomed}
          title={titleOf(doomed.endpoint)}
          onClose={() => setDoomed(undefined)}
          onDeleted={() => {
            remove(doomed.id);
            setDoomed(undefined);
            setSaid("The request was deleted");
          }}
        />
      )}
    </>
  );
}

function Row({
  item,
  title,
  catalog,
  onDelete,
}: {
  readonly item: RequestItem;
  readonly title: string;
  readonly catalog: CatalogReply;
  readonly onDelete: () => void;
}) {
  const { id, endpoint, status, words, failure, createdAt, startedAt, finishedAt, price } = item;
  const known = catalog.endpoints.find((one) => one.id === endpoint);
  const [over, setOver] = useState(false);
  const took = startedAt !== null && finishedAt !== null ? seconds((finishedAt - startedAt) / 1000) : "";
  return (
    <li
      className="request"
      onPointerEnter={({ pointerType }) => setOver(pointerType === "mouse")}
      onPointerLeave={() => setOver(false)}
    >
      <Preview key={item.preview?.url} item={item} playing={over} />
      <div className="request-what">
        <h3>
          <Link href={`/history/${encodeURIComponent(id)}`}>{title}</Link>
        </h3>
        {failure ? <p className="request-failure">{failure}</p> : words && <p>{words}</p>}
        <code>{endpoint}</code>
      </div>
      <div className="request-facts">
        <StatusBadge status={status} />
        <time dateTime={new Date(createdAt).toISOString()} title={moment(createdAt)}>
          {day(createdAt) === "Today" ? ago(createdAt) : clock(createdAt)}
        </time>
        {took && <span title="Time of work">{took}</span>}
        {price !== null && status === "succeeded" && (
          <span title={catalog.charges ? "Cost" : "The vendor's price; nothing is charged here"}>{dollars(price)}</span>
        )}
      </div>
      <div className="request-actions">
        {known && (
          <Link
            className="button quiet small"
            href={`${endpointPath(endpoint)}?request=${encodeURIComponent(id)}`}
            aria-label={`Re-run ${title} of ${moment(createdAt)} with changes`}
          >
            <Icon name="loop" /> Re-run
          </Link>
        )}
        <button
          type="button"
          className="button quiet icon small"
          aria-label={`Delete ${title} of ${moment(createdAt)}`}
          title="Delete"
          onClick={onDelete}
        >
          <Icon name="trash" />
        </button>
      </div>
    </li>
  );
}

function keeping({ limits }: CatalogReply): string {
  const days = (count: number): string => `${count} ${count === 1 ? "day" : "days"}`;
  return `Requests are kept for ${days(limits.requestDays)}, the files they made for ${days(limits.outputDays)}.`;
}

function Skeleton() {
  return (
    <ul className="requests" aria-hidden="true">
      {Array.from({ length: 6 }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: placeholders are alike.
        <li key={index} className="skeleton request-skeleton" />
      ))}
    </ul>
  );
}
