/**
 * The durable side of Reshoot: requests, files' metadata, accounts and keys, behind one interface that speaks queue
 * semantics and names no database. Implementations: sqlite.ts (PostgreSQL comes later). Every implementation must pass
 * store.conformance.ts.
 *
 * Times are milliseconds since the epoch. "Durable" means flushed to disk before the promise resolves.
 */
import type { SerializedError } from "../errors.ts";
import type { LogLevel } from "../operations/operations.ts";

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
/** A JSON object. */
export type JsonObject = { readonly [key: string]: Json };

/** `queued` and `running` are open; the others are terminal and never change again. */
export type RequestStatus = "queued" | "running" | "succeeded" | "failed" | "cancelled";

/** `low` waits behind every `normal` request of its lane. */
export type Priority = "normal" | "low";

/** What a dialect hands over at submit. */
export type NewRequest = {
  readonly id: string;
  readonly accountId: string;
  readonly keyId: string | null;
  readonly dialect: "fal" | "wavespeed";
  /** Canonical endpoint id. */
  readonly endpoint: string;
  /** The id the caller used: an alias keeps its name in answers. */
  readonly requestedAs: string;
  /** The engine whose slots it waits for. */
  readonly lane: string;
  /** Validated input, defaults filled in; own files as `{ "$url": id, file_name }`. */
  readonly input: JsonObject;
  readonly seed: number;
  readonly priority: Priority;
  /** Attempts in all, 1 for a direct run. */
  readonly maxAttempts: number;
  /** Processing must have begun by then, else the request fails with `request_timeout`. */
  readonly startBy: number | null;
  /** The finished request and its stored payloads may be deleted after this many milliseconds. */
  readonly keepForMs: number;
  readonly webhook: string | null;
  /** Same account and key: the first request is returned instead of a second one. */
  readonly idempotencyKey: string | null;
  /** Dialect-level preferences the runner or dialect needs later (object lifecycle, store-io, tags). */
  readonly options: JsonObject;
};

/** A request as the store has it. */
export type RequestRecord = NewRequest & {
  readonly status: RequestStatus;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  /** Attempts begun. */
  readonly attempt: number;
  /** Not to be claimed before (retry backoff). */
  readonly runAfter: number;
  readonly cancelRequested: boolean;
  /** The engine that did or does the work, and its own reference to work outside our process. */
  readonly engine: string | null;
  readonly engineRef: string | null;
  readonly output: JsonObject | null;
  readonly error: SerializedError | null;
  readonly metrics: RequestMetrics | null;
  readonly billableUnits: number | null;
  /** When it may be deleted; null while open. */
  readonly expiresAt: number | null;
};

/** What the work cost. */
export type RequestMetrics = {
  /** Seconds of work of the last attempt. */
  readonly inferenceSeconds: number;
};

/** What came of a submit. */
export type Submitted = {
  readonly record: RequestRecord;
  /** False: the same idempotency key was used before, and this is that request. */
  readonly created: boolean;
  /** Requests ahead in the same lane, 0-based; 0 when not queued. */
  readonly position: number;
};

/** Proof that a runner holds a request. A stale claim can write nothing. */
export type Claim = {
  readonly request: RequestRecord;
  /** Unique per claim. */
  readonly lease: string;
};

/** One log line of a request. */
export type LogLine = {
  /** Grows within a request; starts at 1. */
  readonly seq: number;
  readonly at: number;
  readonly level: LogLevel;
  readonly message: string;
};

/** `pending`: an upload URL was given out, the bytes are not there yet. */
export type FileState = "pending" | "ready";

/** Who may read a file by its URL: fal's object access list. `hide` answers 404, `forbid` 403; the owner always may. */
export type FileAccess = {
  readonly default: "allow" | "hide" | "forbid";
  readonly rules: readonly { readonly user: string; readonly decision: "allow" | "hide" | "forbid" }[];
};

/** What is known of a stored file. */
export type FileRecord = {
  /** 128 random bits, base64url: the URL is a capability. */
  readonly id: string;
  readonly accountId: string;
  /** The request that produced it or brought it in (a data URI), else null. */
  readonly requestId: string | null;
  readonly fileName: string;
  readonly contentType: string;
  /** Bytes; 0 while pending. */
  readonly size: number;
  /** Hex; empty while pending. */
  readonly sha256: string;
  readonly state: FileState;
  readonly access: FileAccess;
  readonly createdAt: number;
  /** Null: never. */
  readonly expiresAt: number | null;
};

/** Whoever owns requests and files. */
export type Account = { readonly id: string; readonly name: string; readonly createdAt: number };

/** `ADMIN` keys may manage accounts and keys. */
export type KeyScope = "API" | "ADMIN";

/** Where a key comes from: those of `--keys` live as long as they are configured, created ones until they are revoked. */
export type KeySource = "configured" | "created";

/** A credential of an account. */
export type Key = {
  readonly id: string;
  /** What people call it; of a configured key its id. */
  readonly name: string;
  readonly source: KeySource;
  readonly accountId: string;
  readonly scope: KeyScope;
  readonly createdAt: number;
  readonly revokedAt: number | null;
  /** Running requests at once; null: no limit. */
  readonly concurrency: number | null;
  /** Dollars that may be charged in all; null: no limit. */
  readonly budget: number | null;
};

/** A key to be: configured, and named as its id, unless told. */
export type NewKey = Omit<Key, "createdAt" | "revokedAt" | "name" | "source"> & Partial<Pick<Key, "name" | "source">>;

/** What may change of a key. */
export type KeyChanges = Partial<Pick<Key, "name" | "budget" | "concurrency">>;

/** What a cancel came to. */
export type CancelOutcome = "cancelled" | "requested" | "already_finished" | "not_found";

/** What a submit must stay within. */
export type SubmitLimit = {
  /** Fails with `queue_full` when more than that many requests of this account and endpoint wait already. */
  readonly maxQueued?: number;
  /**
   * Dollars that the request's key may be charged in all, and the price that the request is expected to come to. Fails
   * with `budget_exhausted` when what is charged, the prices of open requests and this one are more. Checked in the
   * transaction that accepts the request, so that many at once cannot go beyond it.
   */
  readonly budget?: { readonly dollars: number; readonly price: number };
};

/** The semantic store. All methods may be called from several processes on one database at once. */
export type RequestStore = {
  /**
   * Accepts a request; durable when it resolves. `position` is as {@link RequestStore.position} says.
   * A request that is repeated is not held to any limit.
   */
  submit(request: NewRequest, limit?: SubmitLimit): Promise<Submitted>;
  get(id: string): Promise<RequestRecord | undefined>;
  /** Requests ahead in the same lane, 0-based; 0 when not queued. */
  position(id: string): Promise<number>;
  /** How many requests of each lane wait and run; lanes without any are left out. */
  depth(): Promise<{ lane: string; status: Extract<RequestStatus, "queued" | "running">; count: number }[]>;
  /** Newest first; those created at `since` or later and before `before`, without the first `offset`. */
  list(
    accountId: string,
    page: {
      limit: number;
      offset?: number;
      since?: number;
      before?: number;
      endpoint?: string;
      status?: RequestStatus;
    },
  ): Promise<RequestRecord[]>;
  /**
   * Deletes requests of an account with their files and logs; ids of others are left alone. What still runs is told to
   * stop, is listed no more, and goes as soon as it has ended. Usage stays recorded.
   * @returns ids that are gone, ids that are stopping, and ids of deleted files, to unlink.
   */
  remove(
    accountId: string,
    ids: readonly string[],
  ): Promise<{ deleted: string[]; stopping: string[]; fileIds: string[] }>;

  /** Takes the next due request of these lanes: normal before low, then oldest. Counts an attempt. */
  claim(owner: string, lanes: readonly string[], leaseMs: number): Promise<Claim | undefined>;
  /** Extends the lease. `cancel`: the caller asked to stop; `lost`: somebody else owns the request now. */
  heartbeat(claim: Claim, leaseMs: number): Promise<"held" | "cancel" | "lost">;
  /** Records who does the work before it begins. */
  recordEngine(claim: Claim, engine: string, ref: string | null): Promise<boolean>;
  appendLogs(claim: Claim, lines: readonly Omit<LogLine, "seq">[]): Promise<boolean>;
  /** In order; only those after `afterSeq` when given. */
  logs(id: string, afterSeq?: number): Promise<LogLine[]>;

  /** Ends a request with its result and files, in one transaction. False: the claim is stale, nothing was written. */
  succeed(
    claim: Claim,
    result: {
      output: JsonObject;
      files: readonly FileRecord[];
      metrics: RequestMetrics;
      billableUnits: number;
      /** Dollars: what the vendor takes for these units, and what was charged here. Both 0 when absent. */
      price?: number;
      charge?: number;
    },
  ): Promise<boolean>;
  /** Ends or requeues (retryable and attempts left; exponential backoff with jitter) a request. */
  fail(claim: Claim, error: SerializedError, metrics: RequestMetrics): Promise<"failed" | "requeued" | "lost">;
  /** Gives a request back unworked (shutdown): it keeps its place and the attempt is not counted. */
  release(claim: Claim): Promise<boolean>;

  /** Queued: cancelled at once. Running: flagged, and the runner learns by heartbeat or event. */
  cancel(id: string): Promise<CancelOutcome>;
  /** The runner has stopped the work of a cancelled request. */
  confirmCancelled(claim: Claim, metrics: RequestMetrics): Promise<boolean>;

  /**
   * Housekeeping: leases that ran out are requeued, or failed with `runner_disconnected` when attempts are used up, or
   * cancelled when that was asked; start deadlines that passed fail with `request_timeout`.
   * @returns ids whose status changed.
   */
  reap(): Promise<string[]>;
  /** At start-up of the only server of this database: every lease is a dead process's; requeues them all at once. */
  reclaimAll(): Promise<string[]>;
  /**
   * Deletes finished requests, logs and file rows whose time has come; a request whose webhook is still to be delivered
   * waits for that. @returns ids of deleted files, to unlink.
   */
  expire(limit: number): Promise<string[]>;

  readonly files: FileTable;
  readonly accounts: AccountTable;
  readonly webhooks: WebhookTable;
  readonly usage: UsageTable;
  close(): Promise<void>;
};

/** Metadata of stored files. The bytes are files/'s business. */
export type FileTable = {
  /** Durable. */
  insert(file: FileRecord): Promise<void>;
  get(id: string): Promise<FileRecord | undefined>;
  /** A pending upload has all its bytes. False: no such pending file. */
  markReady(id: string, facts: { size: number; sha256: string; contentType: string }): Promise<boolean>;
  delete(id: string): Promise<boolean>;
  /** Ids among these that have a row: for the orphan sweep. */
  existing(ids: readonly string[]): Promise<Set<string>>;
};

/** Accounts and their keys. */
export type AccountTable = {
  /** Creates the account when absent. */
  ensureAccount(id: string, name: string): Promise<Account>;
  /** Creates or replaces a key; the secret is stored only as a salted hash. */
  putKey(key: NewKey, secret: string): Promise<Key>;
  /** What is left out stays as it is. @returns undefined when there is no such live key. */
  changeKey(id: string, changes: KeyChanges): Promise<Key | undefined>;
  revokeKey(id: string): Promise<boolean>;
  /** The live key with this id and secret, compared in constant time; undefined otherwise. */
  verifyKey(id: string, secret: string): Promise<Key | undefined>;
  /** Of one account, or of all; revoked ones included. */
  listKeys(accountId?: string): Promise<Key[]>;
};

/** `pending`: to be tried (again); `delivered`: the receiver said 2xx; `failed`: given up. */
export type WebhookState = "pending" | "delivered" | "failed";

/**
 * The delivery of one request's webhook. It comes into being in the transaction that ends a request with a webhook,
 * however it ends, and goes with the request.
 */
export type WebhookDelivery = {
  readonly requestId: string;
  readonly url: string;
  readonly state: WebhookState;
  /** Attempts begun, those that a crash cut short included. */
  readonly attempts: number;
  readonly createdAt: number;
  /** Null unless pending. */
  readonly nextAttemptAt: number | null;
  /** HTTP status of the last recorded attempt; null when there was no answer. */
  readonly lastStatus: number | null;
  readonly lastError: string | null;
};

/** What came of one attempt. */
export type WebhookAttempt = {
  /** Starts at 1. A number that is missing belongs to an attempt that a crash cut short. */
  readonly attempt: number;
  readonly at: number;
  readonly durationMs: number;
  readonly status: number | null;
  /** Kept to 500 characters; null when the attempt succeeded. */
  readonly error: string | null;
};

/** Proof that a deliverer holds a delivery. `delivery.attempts` counts the attempt that this claim is for. */
export type WebhookClaim = {
  readonly delivery: WebhookDelivery;
  /** Unique per claim. */
  readonly lease: string;
};

/** How many deliveries a claim may take. */
export type WebhookRoom = {
  readonly limit: number;
  /** Of `limit`, at most this many that have been tried before: slow receivers must not take all places. */
  readonly retries: number;
  /** Deliveries under way to one host and port at once, in all. */
  readonly perHost: number;
};

/** The queue of webhook deliveries. At least once: an attempt whose outcome was not recorded is made again. */
export type WebhookTable = {
  /** Takes due deliveries, those waiting longest first, and counts an attempt for each. Leases that ran out are due. */
  claimDue(owner: string, leaseMs: number, room: WebhookRoom): Promise<WebhookClaim[]>;
  /**
   * Logs the attempt and ends the delivery, or has it tried again `retryAfterMs` later (at most two hours).
   * False: the claim is stale, nothing was written.
   */
  recordAttempt(
    claim: WebhookClaim,
    attempt: Omit<WebhookAttempt, "attempt">,
    outcome: "delivered" | "failed" | { readonly retryAfterMs: number },
  ): Promise<boolean>;
  /** Gives a delivery back unattempted (shutdown): the attempt is not counted. */
  release(claim: WebhookClaim): Promise<boolean>;
  /** At start-up of the only server of this database: every lease is a dead process's. @returns how many there were. */
  reclaimAll(): Promise<number>;
  /** The delivery of a request with its recorded attempts, oldest first; undefined when it has none (yet). */
  get(requestId: string): Promise<{ delivery: WebhookDelivery; attempts: WebhookAttempt[] } | undefined>;
};

/**
 * What a finished request took: written in the transaction that ends it, however it ends, and kept when the request is
 * deleted. Failures cost nothing.
 */
export type UsageRecord = {
  readonly requestId: string;
  readonly accountId: string;
  readonly keyId: string | null;
  readonly dialect: NewRequest["dialect"];
  readonly endpoint: string;
  readonly requestedAs: string;
  /** Null when no work began. */
  readonly engine: string | null;
  readonly status: Exclude<RequestStatus, "queued" | "running">;
  /** Seconds of work of the last attempt. */
  readonly computeSeconds: number;
  /** Bytes of the stored files that the input names; what was downloaded from elsewhere is not known here. */
  readonly inputBytes: number;
  readonly outputBytes: number;
  /** In the endpoint's unit; 0 unless it succeeded. */
  readonly units: number;
  /** Dollars by the vendor's price. */
  readonly price: number;
  /** Dollars charged. */
  readonly charge: number;
  readonly createdAt: number;
  readonly finishedAt: number;
};

/** What an account used of one endpoint, by the id it was called by. */
export type UsageSum = Pick<UsageRecord, "endpoint" | "requestedAs" | "units" | "price" | "charge"> & {
  /** Those that succeeded. */
  readonly requests: number;
};

/** What an account used of one endpoint in one of several periods. */
export type UsagePoint = Pick<UsageRecord, "endpoint" | "computeSeconds" | "price" | "charge"> & {
  /** Which period, from 0. */
  readonly period: number;
  readonly succeeded: number;
  /** Failed or cancelled. */
  readonly failed: number;
};

/** Records of finished requests, for bills and budgets. */
export type UsageTable = {
  /** Those of an account that ended from `since` to `until`, both included; the newest first unless asked otherwise. */
  search(
    accountId: string,
    query: {
      readonly requestIds?: readonly string[];
      readonly since: number;
      readonly until: number;
      readonly oldestFirst: boolean;
      readonly limit: number;
      readonly offset: number;
    },
  ): Promise<{ total: number; items: UsageRecord[] }>;
  /** Sums by endpoint, the dearest first. */
  summary(accountId: string, period: { readonly since: number; readonly until: number }): Promise<UsageSum[]>;
  /** Sums by period (`since` included, `until` not) and endpoint, where there is anything. */
  series(
    accountId: string,
    periods: readonly { readonly since: number; readonly until: number }[],
  ): Promise<UsagePoint[]>;
  /** Dollars charged to a key so far. */
  charged(keyId: string): Promise<number>;
  /** Dollars that a key's open requests are expected to come to. */
  reserved(keyId: string): Promise<number>;
};
