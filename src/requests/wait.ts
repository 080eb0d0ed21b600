/** Waiting for one request without polling it: events wake the waiter, and a slow clock covers lost events. */
import type { RequestEvents } from "./events.ts";
import type { RequestRecord, RequestStore } from "./store.ts";

/** Why a waiter woke. */
export type Wake = {
  /** The record or its logs may have changed: read the store. */
  readonly look: boolean;
  readonly progress?: { readonly fraction: number; readonly stage: string };
};

/** How long a lost event can go unnoticed, and how often a queue position is looked at. */
const POLL_MS = 5_000;

/** Whether a request will never change again. */
export function isFinished(record: RequestRecord): boolean {
  return record.status !== "queued" && record.status !== "running";
}

/**
 * Wakes at once, then on every event of one request and at least every `pollMs`. Events that come while the consumer is
 * busy (a slow client) are merged into one wake. Ends when the signal aborts.
 */
export async function* wakes(
  events: RequestEvents,
  id: string,
  signal: AbortSignal,
  pollMs = POLL_MS,
): AsyncGenerator<Wake, void, undefined> {
  let pending: Wake | undefined = { look: true };
  let wake = (): void => {};
  const notice = (what: Wake): void => {
    const progress = what.progress ?? pending?.progress;
    pending = { look: what.look || (pending?.look ?? false), ...(progress && { progress }) };
    wake();
  };
  const unsubscribe = events.subscribeTo(id, (event) => {
    if (event.type !== "progress") notice({ look: true });
    else notice({ look: false, progress: { fraction: event.fraction, stage: event.stage } });
  });
  const onAbort = (): void => wake();
  signal.addEventListener("abort", onAbort);
  try {
    while (!signal.aborted) {
      if (!pending) await sleepUntil((resolve) => (wake = resolve), pollMs);
      const now: Wake = pending ?? { look: true };
      pending = undefined;
      if (!signal.aborted) yield now;
    }
  } finally {
    unsubscribe();
    signal.removeEventListener("abort", onAbort);
  }
}

/** The record of a request once it is finished; undefined when the signal aborts first or the request is gone. */
export async function finished(
  { events, store }: { readonly events: RequestEvents; readonly store: Pick<RequestStore, "get"> },
  id: string,
  signal: AbortSignal,
): Promise<RequestRecord | undefined> {
  for await (const { look } of wakes(events, id, signal)) {
    if (!look) continue;
    const record = await store.get(id);
    if (!record || isFinished(record)) return record;
  }
  return undefined;
}

async function sleepUntil(onReady: (resolve: () => void) => void, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
    onReady(resolve);
  });
  clearTimeout(timer);
}
