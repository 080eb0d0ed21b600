/** One request: its result beside its source, what went in and came out, its log, its times and cost. */
import { useEffect, useMemo, useState } from "react";
import type { CatalogReply, EndpointDetail, RequestView } from "../../../src/playground/api.ts";
import { mainVideo } from "../endpoint/main-video.ts";
import { RunPanel } from "../endpoint/run-panel.tsx";
import { useRun } from "../endpoint/use-run.ts";
import { ApiError, json, loadCatalog, loadEndpoint } from "../shared/api.ts";
import { CopyButton } from "../shared/copy-button.tsx";
import { moment } from "../shared/format.ts";
import { Icon } from "../shared/icons.tsx";
import { endpointPath, Link, navigate } from "../shared/router.tsx";
import { StatusBadge } from "../shared/status-badge.tsx";
import { useAsync } from "../shared/use-async.ts";
import "../endpoint/endpoint.css";
import { DeleteRequest } from "./delete-request.tsx";
import "./history.css";
import { RequestFacts } from "./request-facts.tsx";

type Parts = {
  readonly view: RequestView;
  readonly catalog: CatalogReply;
  /** Undefined where this version has the endpoint no more. */
  readonly endpoint: EndpointDetail | undefined;
};

/** The page. */
export default function RequestPage({ id }: { readonly id: string }) {
  const { value, error } = useAsync(id, async (): Promise<Parts> => {
    const view = await json<RequestView>(`/playground/api/requests/${encodeURIComponent(id)}`);
    const endpoint = await loadEndpoint(view.endpoint).catch((reason: unknown) => {
      if (reason instanceof ApiError && reason.status === 404) return undefined;
      throw reason;
    });
    return { view, endpoint, catalog: await loadCatalog() };
  });
  useEffect(() => {
    document.title = "Request · Reshoot";
  }, []);
  if (error) {
    return (
      <div className="page-error" role="alert">
        <h1>{error instanceof ApiError && error.status === 404 ? "There is no such request" : error.message}</h1>
        <p>It may have been deleted, have expired, or belong to another account.</p>
        <Link className="button" href="/history">
          History
        </Link>
      </div>
    );
  }
  if (!value) return <div className="skeleton endpoint-skeleton" />;
  return <Loaded {...value} />;
}

function Loaded({ view: first, endpoint, catalog }: Parts) {
  const control = useRun({ id: first.endpoint, vendor: endpoint?.vendor ?? "fal" });
  const { follow, run } = control;
  useEffect(() => follow(first.id), [follow, first.id]);
  const [deleting, setDeleting] = useState(false);
  const view = run.view ?? first;
  const title = endpoint?.title ?? view.endpoint;
  const source = useMemo(() => endpoint && mainVideo(endpoint, view.input), [endpoint, view.input]);

  return (
    <>
      <header className="endpoint-head">
        <nav aria-label="Breadcrumb">
          <Link href="/history">History</Link> <span aria-hidden="true">/</span>{" "}
          <Link href={`/history?endpoint=${encodeURIComponent(view.endpoint)}`}>{view.endpoint}</Link>
        </nav>
        <h1>{title}</h1>
        <div className="endpoint-line">
          <StatusBadge status={view.status} />
          <time dateTime={new Date(view.createdAt).toISOString()}>{moment(view.createdAt)}</time>
          <span className="endpoint-id">
            <code>{view.id}</code>
            <CopyButton text={view.id} what="the request's id" />
          </span>
        </div>
        <div className="request-page-actions">
          {endpoint && (
            <Link
              className="button primary"
              href={`${endpointPath(view.endpoint)}?request=${encodeURIComponent(view.id)}`}
            >
              <Icon name="loop" /> Re-run with changes
            </Link>
          )}
          <button type="button" className="button danger" onClick={() => setDeleting(true)}>
            <Icon name="trash" /> Delete
          </button>
        </div>
        {view.expiredFiles > 0 && (
          <p className="notice">
            {view.expiredFiles === 1 ? "A file of this result has" : `${view.expiredFiles} files of this result have`}{" "}
            expired: files are kept for {catalog.limits.outputDays} days unless asked otherwise.
          </p>
        )}
      </header>
      <div className="request-page-body">
        <RunPanel control={control} source={source} input={view.input} charges={catalog.charges} facts={false} />
        <RequestFacts view={view} charges={catalog.charges} />
      </div>
      {deleting && (
        <DeleteRequest
          request={view}
          title={title}
          onClose={() => setDeleting(false)}
          onDeleted={() => navigate("/history")}
        />
      )}
    </>
  );
}
