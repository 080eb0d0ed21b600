/**
 * Delivers webhooks: at least once to every receiver that says 2xx within about two hours, across restarts. The queue of
 * deliveries is in the store; this is what works it off, in the server's process.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { AddressPolicy } from "../files/address.ts";
import type { Lookup } from "../files/guarded-connection.ts";
import type { RequestEvents } from "./events.ts";
import type { NewRequest, RequestRecord, RequestStore, WebhookClaim } from "./store.ts";
import { type PostOutcome, post } from "./webhooks-post.ts";

/** How a dialect words a webhook. Both are called anew for every attempt. */
export type WebhookDialect = {
  /** The exact bytes to send about a finished request: JSON. */
  body(record: RequestRecord): Promise<Uint8Array>;
  /** Headers that sign these bytes. @param at milliseconds since the epoch */
  headers(record: RequestRecord, body: Uint8Array, at: number): Readonly<Record<string, string>>;
};

/** What the deliverer works with; all times in milliseconds. The defaults are meant for everything but tests. */
export type WebhookDelivererParts = {
  readonly store: Pick<RequestStore, "get" | "webhooks">;
  readonly events: RequestEvents;
  /** A delivery in a dialect that is absent here fails for good. */
  readonly dialects: { readonly [Name in NewRequest["dialect"]]?: WebhookDialect };
  /** Where webhooks may lead besides the internet. */
  readonly policy: AddressPolicy;
  readonly log: { error(details: object, message: string): void };
  /** The system's resolver by default. */
  readonly lookup?: Lookup;
  readonly now?: () => number;
  /** 0 to 1, for jitter. @defaultValue Math.random */
  readonly random?: () => number;
  /** How long the first attempt may take, and each later one. @defaultValue 15 s and 120 s, as the vendor's */
  readonly timeoutsMs?: { readonly first: number; readonly retry: number };
  /** The longest pause before the first retry; it doubles with each. @defaultValue 16 s: ten attempts take two hours */
  readonly backoffMs?: number;
  /** How often to look for retries that are due. @defaultValue 1 s */
  readonly pollMs?: number;
  /** How long {@link WebhookDeliverer.stop} lets attempts go on. @defaultValue 2 s */
  readonly graceMs?: number;
};

/** Works deliveries off while it runs. */
export type WebhookDeliverer = {
  /** Takes over whatever an earlier process left, and begins. There must be no other deliverer on this database. */
  start(): Promise<void>;
  /** Gives back what is not delivered; resolves when nothing is under way any more. */
  stop(): Promise<void>;
};

const MAX_ATTEMPTS = 10;
/** Deliveries under way at once: in all, of those tried before, and to one host and port. */
const PLACES = { limit: 8, retries: 4, perHost: 2 };
/** Looking for work, times this, is rested in between: events come in storms, and a long queue takes long to look through. */
const REST = 4;
/** Time for all but the POST: rendering, and recording the outcome. */
const LEASE_MARGIN_MS = 60_000;

/** Makes a deliverer; it does nothing before it is started. */
export function createWebhookDeliverer(parts: WebhookDelivererParts): WebhookDeliverer {
  const { store, events, dialects, log, now = Date.now, random = Math.random } = parts;
  const { timeoutsMs = { first: 15_000, retry: 120_000 }, backoffMs = 16_000, pollMs = 1000, graceMs = 2000 } = parts;
  const owner = randomUUID();
  const underWay = new Map<WebhookClaim, Promise<void>>();
  const stopped = new AbortController();
  let running = false;
  let unsubscribe = () => {};
  let timer: NodeJS.Timeout | undefined;
  let taking: Promise<void> | undefined;
  let askedAgain = false;

  /** One at a time: there are never more deliveries under way than places. */
  function wake(): void {
    askedAgain = true;
    if (!running) return;
    taking ??= takeDue()
      .catch((error) => log.error({ err: error }, "webhooks could not be looked for"))
      .finally(() => {
        taking = undefined;
      });
  }

  async function takeDue(): Promise<void> {
    while (askedAgain && running) {
      askedAgain = false;
      const limit = PLACES.limit - underWay.size;
      if (limit === 0) return;
      const retrying = [...underWay.keys()].filter(({ delivery }) => delivery.attempts > 1).length;
      const room = { ...PLACES, limit, retries: PLACES.retries - retrying };
      const leaseMs = timeoutsMs.retry + LEASE_MARGIN_MS;
      const began = performance.now();
      for (const claim of await store.webhooks.claimDue(owner, leaseMs, room)) {
        if (running) begin(claim);
        else await store.webhooks.release(claim);
      }
      await sleep(REST * (performance.now() - began));
    }
  }

  function begin(claim: WebhookClaim): void {
    const work = deliver(claim)
      .catch((error) => log.error({ err: error, requestId: claim.delivery.requestId }, "a webhook is in trouble"))
      .finally(() => {
        underWay.delete(claim);
        wake();
      });
    underWay.set(claim, work);
  }

  async function deliver(claim: WebhookClaim): Promise<void> {
    const at = now();
    const started = performance.now();
    const outcome = await attempt(claim, at);
    if (outcome === "stopped") {
      await store.webhooks.release(claim);
      return;
    }
    const { status, error, retryable } = outcome;
    const durationMs = performance.now() - started;
    const { attempts } = claim.delivery;
    await store.webhooks.recordAttempt(
      claim,
      { at, durationMs, status, error },
      error === null
        ? "delivered"
        : retryable && attempts < MAX_ATTEMPTS
          ? { retryAfterMs: pauseAfter(attempts) }
          : "failed",
    );
  }

  async function attempt(claim: WebhookClaim, at: number): Promise<PostOutcome | "stopped"> {
    const { url, requestId, attempts } = claim.delivery;
    const failure = (error: string, retryable: boolean) => ({ status: null, error, retryable });
    // Only crashes lead here: the last attempt was not recorded. Something about this delivery may be their cause.
    if (attempts > MAX_ATTEMPTS) return failure("The server stopped during the last attempt", false);
    const record = await store.get(requestId);
    if (!record) return failure("The request is gone", false);
    const dialect = dialects[record.dialect];
    if (!dialect) return failure(`Webhooks of the ${record.dialect} dialect are not supported`, false);
    let message: { readonly body: Uint8Array; readonly headers: Readonly<Record<string, string>> };
    try {
      const body = await dialect.body(record);
      message = { body, headers: dialect.headers(record, body, at) };
    } catch (error) {
      log.error({ err: error, requestId }, "a webhook could not be prepared");
      return failure("The webhook could not be prepared", true);
    }
    const timeoutMs = attempts === 1 ? timeoutsMs.first : timeoutsMs.retry;
    const guard = { policy: parts.policy, lookup: parts.lookup };
    try {
      return await post({ url, ...message, timeoutMs, guard, signal: stopped.signal });
    } catch (error) {
      if (stopped.signal.aborted) return "stopped";
      throw error;
    }
  }

  /** Doubling, of which a random quarter is jitter. */
  function pauseAfter(attempts: number): number {
    return backoffMs * 2 ** (attempts - 1) * (0.75 + random() / 4);
  }

  return {
    async start() {
      await store.webhooks.reclaimAll();
      unsubscribe = events.subscribe((event) => {
        if (event.type === "changed") wake();
      });
      timer = setInterval(wake, pollMs).unref();
      running = true;
      wake();
    },
    async stop() {
      running = false;
      unsubscribe();
      clearInterval(timer);
      await taking;
      const grace = setTimeout(() => stopped.abort(new Error("The server stops")), graceMs);
      await Promise.all(underWay.values());
      clearTimeout(grace);
    },
  };
}
