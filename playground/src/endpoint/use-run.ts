/** A request's life as a page follows it: submitted through the endpoint's own dialect, watched, cancelled. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { EndpointDetail, RequestEvent, RequestView } from "../../../src/playground/api.ts";
import { ApiError, call, json, ndjson } from "../shared/api.ts";
import type { Values } from "../shared/schema.ts";

const RECONNECT_MS = 1000;

/** What is known of a run. */
export type Run = {
  readonly phase: "idle" | "submitting" | "queued" | "running" | "succeeded" | "failed" | "cancelled";
  readonly id?: string;
  /** Requests ahead. */
  readonly position?: number;
  /** 0 to 1. */
  readonly progress?: number;
  readonly stage?: string;
  readonly logs: RequestEvent["logs"];
  readonly cancelling?: boolean;
  readonly error?: ApiError;
  /** Once it is known to the server. */
  readonly view?: RequestView;
  /** The dialect's own answer, once it has ended. */
  readonly result?: unknown;
};

/** A run and what can be done about it. */
export type RunControl = {
  readonly run: Run;
  /** Resolves to the request's id; undefined when it was refused. */
  start(input: Values): Promise<string | undefined>;
  /** Follows a request that is there already. */
  follow(id: string): void;
  cancel(): Promise<void>;
  reset(): void;
};

const IDLE: Run = { phase: "idle", logs: [] };

/** Runs requests of one endpoint, one at a time. */
export function useRun(endpoint: Pick<EndpointDetail, "id" | "vendor">): RunControl {
  const [run, setRun] = useState<Run>(IDLE);
  const watching = useRef<AbortController>(undefined);
  const { id: endpointId, vendor } = endpoint;

  const watch = useCallback(
    async (id: string, signal: AbortSignal): Promise<void> => {
      const change = (next: (before: Run) => Run): void => {
        if (!signal.aborted) setRun(next);
      };
      for (let ended = false; !ended && !signal.aborted; ) {
        // A new connection tells all lines again.
        change((before) => ({ ...before, logs: [] }));
        try {
          for await (const event of ndjson<RequestEvent>(`/playground/api/requests/${id}/events`, signal)) {
            ended = event.status !== "queued" && event.status !== "running";
            change((before) => ({ ...merged(before, event), phase: ended ? "running" : phaseOf(event) }));
          }
        } catch (error) {
          if (error instanceof ApiError && error.status >= 400) {
            change((before) => ({ ...before, phase: "failed", error }));
            return;
          }
        }
        if (!ended && !signal.aborted) await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
      }
      if (signal.aborted) return;
      const [view, outcome] = await Promise.all([
        json<RequestView>(`/playground/api/requests/${id}`, { signal }),
        resultOf(endpointId, vendor, id, signal),
      ]);
      change((before) => ({ ...before, phase: view.status, view, progress: 1, ...outcome }));
    },
    [endpointId, vendor],
  );

  const follow = useCallback(
    (id: string): void => {
      watching.current?.abort();
      const control = new AbortController();
      watching.current = control;
      setRun({ phase: "queued", id, logs: [] });
      watch(id, control.signal).catch((error: unknown) => {
        if (!control.signal.aborted) setRun((before) => ({ ...before, phase: "failed", error: asApiError(error) }));
      });
    },
    [watch],
  );

  useEffect(() => () => watching.current?.abort(), []);

  return {
    run,
    follow,
    async start(input) {
      watching.current?.abort();
      setRun({ phase: "submitting", logs: [] });
      try {
        const id = await submit(endpointId, vendor, input);
        follow(id);
        return id;
      } catch (error) {
        setRun({ phase: "failed", logs: [], error: asApiError(error) });
        return undefined;
      }
    },
    async cancel() {
      if (run.id === undefined) return;
      setRun((before) => ({ ...before, cancelling: true }));
      await call(`${queuePath(endpointId)}/requests/${run.id}/cancel`, { method: "PUT" }).catch(() => {
        // It ended in the meantime: the events say how.
      });
    },
    reset() {
      watching.current?.abort();
      setRun(IDLE);
    },
  };
}

function merged(before: Run, event: RequestEvent): Run {
  const { position, progress = before.progress, stage = before.stage } = event;
  return { ...before, position, progress, stage, logs: [...before.logs, ...event.logs] };
}

function phaseOf({ status }: RequestEvent): Run["phase"] {
  return status === "queued" ? "queued" : "running";
}

async function submit(endpoint: string, vendor: "fal" | "wavespeed", input: Values): Promise<string> {
  if (vendor === "fal") {
    const { request_id } = await json<{ request_id: string }>(`/queue/${endpoint}`, { body: input });
    return request_id;
  }
  const { data } = await json<{ data: { id: string } }>(`/api/v3/${endpoint}`, { body: input });
  return data.id;
}

/** The answer that a client of the endpoint's dialect gets. */
async function resultOf(
  endpoint: string,
  vendor: "fal" | "wavespeed",
  id: string,
  signal: AbortSignal,
): Promise<Pick<Run, "result" | "error">> {
  try {
    if (vendor === "fal") return { result: await json(`${queuePath(endpoint)}/requests/${id}`, { signal }) };
    const { data } = await json<{ data: { error: string } }>(`/api/v3/predictions/${id}/result`, { signal });
    return { result: data, ...(data.error !== "" && { error: new ApiError(200, data.error) }) };
  } catch (error) {
    return { error: asApiError(error) };
  }
}

/** Requests are followed under owner and alias only. */
function queuePath(endpoint: string): string {
  return `/queue/${endpoint.split("/").slice(0, 2).join("/")}`;
}

function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(0, String((error as Error)?.message ?? error));
}
