/**
 * The request store on SQLite: one file, shared by the server's and the runners' processes of one machine. Every write
 * is one member of a group commit whose log is flushed to the disk (wal-disk.ts) before anybody is told, so a resolved
 * promise survives a power cut.
 *
 * Clocks: times are wall-clock times of this machine. Queue order does not depend on the clock. When it is set back, no
 * lease or backoff outlives its own length, counted from the next {@link RequestStore.reap}. When it leaps ahead (also
 * by sleep), reap moves running leases along, so that a live runner is not taken for a dead one. Start deadlines and
 * expiry follow the wall clock as it is.
 */
import { randomUUID } from "node:crypto";
import { closeSync, openSync } from "node:fs";
import { DatabaseSync, type DatabaseSyncInstance } from "@photostructure/sqlite";
import { ERRORS, type ErrorCode, MANY_ATTEMPTS, ReshootError, type SerializedError } from "../errors.ts";
import type { Metrics } from "../observability/metrics.ts";
import { GroupCommit } from "./group-commit.ts";
import { fingerprint } from "./idempotency.ts";
import { migrate } from "./migrations.ts";
import { toStoreError } from "./sqlite-errors.ts";
import {
  fileValues,
  newRecord,
  newRequestValues,
  priorityPlace,
  type RequestRow,
  toRecord,
  type Value,
} from "./sqlite-rows.ts";
import { prepareStatements, type Statements } from "./sqlite-statements.ts";
import { accountTable, fileTable } from "./sqlite-tables.ts";
import { usageTable } from "./sqlite-usage.ts";
import { newWebhookValues, webhookTable } from "./sqlite-webhooks.ts";
import type {
  AccountTable,
  CancelOutcome,
  Claim,
  FileTable,
  LogLine,
  NewRequest,
  RequestMetrics,
  RequestRecord,
  RequestStatus,
  RequestStore,
  SubmitLimit,
  UsageTable,
  WebhookTable,
} from "./store.ts";
import { createWalDisk, type WalDisk } from "./wal-disk.ts";

/** Settings of {@link openSqliteStore}; the defaults are meant for everything but tests. */
export type SqliteStoreOptions = {
  /** Wall clock, milliseconds since the epoch. @defaultValue Date.now */
  readonly now?: () => number;
  /** Clock that only runs forward, milliseconds. @defaultValue `now` when given, else performance.now */
  readonly uptime?: () => number;
  /** 0 to 1, for jitter. @defaultValue Math.random */
  readonly random?: () => number;
  /** Longest pause before the first retry, milliseconds; doubles with each. @defaultValue 1000 */
  readonly retryBaseMs?: number;
  /** Longest pause before any retry, milliseconds. @defaultValue 60000 */
  readonly retryCapMs?: number;
  /** Told how long transactions and reads take. */
  readonly metrics?: StoreMetrics;
  /** How long a write waits for another process before it fails with `unavailable`, milliseconds. @defaultValue 5000 */
  readonly busyMs?: number;
};

type StoreMetrics = Pick<Metrics, "storeCommit" | "storeRead">;

/** A request is counted from the end of the queue when it is among this many last ones, else from its start. */
const LAST_ONES = 200;

/** Dollars that sums of prices may be off by. */
const MONEY_NOISE = 1e-9;

/** A lag between the wall clock and the uptime that is more than their drift between two reaps. */
const CLOCK_LEAP_MS = 1000;

type LaneRow = Pick<RequestRow, "lane" | "priority">;

type HeldRow = Pick<RequestRow, "seq" | "id" | "attempt" | "max_attempts" | "defects" | "cancel_requested">;

type Ending = {
  readonly status: Extract<RequestStatus, "succeeded" | "failed" | "cancelled">;
  readonly output?: unknown;
  readonly error?: SerializedError;
  readonly metrics?: RequestMetrics;
  readonly billableUnits?: number;
  readonly price?: number;
  readonly charge?: number;
};

/**
 * Opens the store at `path`, creating the file (readable by its owner only) and bringing its schema up to date.
 * @throws ReshootError `unavailable` when the file cannot be used or was written by a newer version.
 */
export async function openSqliteStore(path: string, options: SqliteStoreOptions = {}): Promise<RequestStore> {
  return createSqliteStore(openDatabase(path), options);
}

/** A connection with the store's settings and the newest schema. @throws as {@link openSqliteStore}. */
export function openDatabase(path: string): DatabaseSyncInstance {
  let db: DatabaseSyncInstance | undefined;
  try {
    // SQLite gives its side files the mode of the database.
    closeSync(openSync(path, "a", 0o600));
    // At the start another process may hold the lock for a whole migration.
    db = new DatabaseSync(path, { timeout: 10_000 });
    db.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA fullfsync = ON;
      PRAGMA checkpoint_fullfsync = ON;
      PRAGMA foreign_keys = ON;
      PRAGMA temp_store = MEMORY;
      PRAGMA cache_size = -32768;
      PRAGMA journal_size_limit = 67108864;`);
    migrate(db, path);
    // SQLite waits on the JavaScript thread: beyond this, group commit waits beside it.
    db.exec("PRAGMA busy_timeout = 50");
    return db;
  } catch (error) {
    db?.close();
    if (error instanceof ReshootError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ReshootError("unavailable", `The request database ${path} cannot be opened: ${reason}`, { cause: error });
  }
}

/** The store over a connection of {@link openDatabase}, which it closes. */
export function createSqliteStore(db: DatabaseSyncInstance, options: SqliteStoreOptions = {}): RequestStore {
  return new SqliteStore(db, options);
}

class SqliteStore implements RequestStore {
  readonly files: FileTable;
  readonly accounts: AccountTable;
  readonly webhooks: WebhookTable;
  readonly usage: UsageTable;
  readonly #db: DatabaseSyncInstance;
  readonly #sql: Statements;
  readonly #disk: WalDisk | undefined;
  readonly #writes: GroupCommit;
  readonly #metrics: StoreMetrics | undefined;
  readonly #now: () => number;
  readonly #uptime: () => number;
  readonly #random: () => number;
  readonly #retryBaseMs: number;
  readonly #retryCapMs: number;
  /** How far the wall clock was ahead of the uptime at the last reap. */
  #clockOffset: number;

  constructor(db: DatabaseSyncInstance, options: SqliteStoreOptions) {
    const now = options.now ?? Date.now;
    this.#db = db;
    this.#sql = prepareStatements(db);
    this.#disk = createWalDisk(db);
    this.#writes = new GroupCommit(db, options.busyMs ?? 5000, options.metrics, this.#disk);
    this.#metrics = options.metrics;
    this.#now = now;
    this.#uptime = options.uptime ?? options.now ?? (() => performance.now());
    this.#random = options.random ?? Math.random;
    this.#retryBaseMs = options.retryBaseMs ?? 1000;
    this.#retryCapMs = options.retryCapMs ?? 60_000;
    this.#clockOffset = now() - this.#uptime();
    const access = { sql: this.#sql, writes: this.#writes, read: <T>(work: () => T) => this.#read(work), now };
    this.files = fileTable(access);
    this.accounts = accountTable(access);
    this.webhooks = webhookTable(access);
    this.usage = usageTable(access);
  }

  async submit(request: NewRequest, limit: SubmitLimit = {}) {
    return this.#writes.write(() => {
      const first = request.idempotencyKey === null ? undefined : this.#repeated(request, request.idempotencyKey);
      if (first) return { record: first, created: false, position: this.#ahead(first.id) };
      if (limit.maxQueued !== undefined) this.#checkQueue(request, limit.maxQueued);
      if (limit.budget) this.#checkBudget(request, limit.budget);
      const now = this.#now();
      this.#sql.insertRequest.run(...newRequestValues(request, now, limit.budget?.price ?? null));
      return { record: newRecord(request, now), created: true, position: this.#countIn(request) };
    });
  }

  async get(id: string): Promise<RequestRecord | undefined> {
    return this.#read(() => {
      const row = this.#sql.request.get({ id }) as RequestRow | undefined;
      return row && toRecord(row);
    });
  }

  async position(id: string): Promise<number> {
    return this.#read(() => this.#ahead(id));
  }

  async depth() {
    return this.#read(() => {
      const waiting = this.#sql.waitingLanes.all() as { lane: string; count: number }[];
      const running = new Map<string, number>();
      for (const { lane } of this.#sql.runningLanes.all() as { lane: string }[]) {
        running.set(lane, (running.get(lane) ?? 0) + 1);
      }
      return [
        ...waiting.map(({ lane, count }) => ({ lane, status: "queued" as const, count })),
        ...[...running].map(([lane, count]) => ({ lane, status: "running" as const, count })),
      ];
    });
  }

  async list(accountId: string, page: Parameters<RequestStore["list"]>[1]) {
    const values = {
      account_id: accountId,
      limit: Math.max(0, page.limit),
      offset: Math.max(0, page.offset ?? 0),
      since: page.since ?? 0,
      before: page.before ?? Number.MAX_SAFE_INTEGER,
    };
    return this.#read(() => {
      const { endpoint = null, status } = page;
      const rows =
        status !== undefined
          ? this.#listStatus({ ...values, endpoint }, status)
          : endpoint === null
            ? this.#sql.list.all(values)
            : this.#sql.listEndpoint.all({ ...values, endpoint });
      return (rows as RequestRow[]).map(toRecord);
    });
  }

  async remove(accountId: string, ids: readonly string[]) {
    return this.#writes.write(() => {
      const removed = { deleted: [] as string[], stopping: [] as string[], fileIds: [] as string[] };
      for (const id of ids) {
        const row = this.#sql.request.get({ id }) as RequestRow | undefined;
        if (row?.account_id !== accountId || (row.cancel_requested && row.keep_for_ms === 0)) continue;
        if (row.status === "running") {
          this.#sql.requestRemoval.run({ seq: row.seq });
          removed.stopping.push(id);
          continue;
        }
        if (row.status === "queued") this.#finish(row.seq, cancelled());
        removed.fileIds.push(...(this.#sql.deleteFilesOf.all({ id }) as { id: string }[]).map((file) => file.id));
        this.#sql.deleteRequest.run({ id });
        removed.deleted.push(id);
      }
      return removed;
    });
  }

  async claim(owner: string, lanes: readonly string[], leaseMs: number): Promise<Claim | undefined> {
    return this.#writes.write(() => {
      const now = this.#now();
      this.#failOverdue(now);
      type Next = { seq: number; priority: number };
      const due = lanes
        .map((lane) => this.#sql.nextDue.get({ lane, now, horizon: now + this.#retryCapMs }) as Next | undefined)
        .filter((next) => next !== undefined)
        .sort((a, b) => a.priority - b.priority || a.seq - b.seq);
      if (due[0] === undefined) return undefined;
      const lease = randomUUID();
      const row = this.#sql.take.get({ seq: due[0].seq, owner, lease, lease_ms: leaseMs, now }) as RequestRow;
      return { request: toRecord(row), lease };
    });
  }

  async heartbeat(claim: Claim, leaseMs: number): Promise<"held" | "cancel" | "lost"> {
    return this.#ifHeld(claim, "lost", ({ seq, cancel_requested }) => {
      this.#sql.extend.run({ seq, lease_ms: leaseMs, now: this.#now() });
      return cancel_requested ? "cancel" : "held";
    });
  }

  async recordEngine(claim: Claim, engine: string, ref: string | null): Promise<boolean> {
    return this.#ifHeld(claim, false, ({ seq }) => this.#sql.recordEngine.run({ seq, engine, ref }).changes === 1);
  }

  async appendLogs(claim: Claim, lines: readonly Omit<LogLine, "seq">[]): Promise<boolean> {
    return this.#ifHeld(claim, false, ({ id }) => {
      for (const { at, level, message } of lines) {
        // SQLite's text ends at the first NUL when read back.
        const text = message.replaceAll("\0", "\ufffd");
        this.#sql.appendLog.run({ request_id: id, at, level, message: text });
      }
      return true;
    });
  }

  async logs(id: string, afterSeq = 0): Promise<LogLine[]> {
    return this.#read(() =>
      (this.#sql.logs.all({ request_id: id, after: afterSeq }) as LogLine[]).map((line) => ({ ...line })),
    );
  }

  /** A result that is there wins over a cancel that was only asked for. */
  async succeed(claim: Claim, result: Parameters<RequestStore["succeed"]>[1]): Promise<boolean> {
    return this.#ifHeld(claim, false, ({ seq }) => {
      for (const file of result.files) this.#sql.insertFile.run(fileValues(file));
      const { output, metrics, billableUnits, price = 0, charge = 0 } = result;
      this.#finish(seq, { status: "succeeded", output, metrics, billableUnits, price, charge });
      return true;
    });
  }

  /** A request whose cancel was asked for ends as cancelled, reported as `failed`: it is not tried again. */
  async fail(claim: Claim, error: SerializedError, metrics: RequestMetrics): Promise<"failed" | "requeued" | "lost"> {
    return this.#ifHeld<"failed" | "requeued" | "lost">(claim, "lost", (row) => {
      const { seq, attempt } = row;
      const { attempts } = ERRORS[error.code];
      // An attempt that was lost to a killed server is no defect of the request's.
      const defects = row.defects + (attempts < MANY_ATTEMPTS ? 1 : 0);
      const tried = attempts < MANY_ATTEMPTS ? defects : attempt;
      if (row.cancel_requested) this.#finish(seq, cancelled(metrics));
      else if (attempt >= row.max_attempts || tried >= attempts) {
        this.#finish(seq, { status: "failed", error, metrics });
      } else {
        const run_after = this.#now() + this.#backoff(attempt);
        this.#sql.requeue.run({ seq, attempt, defects, run_after, keep_engine: 0 });
        return "requeued";
      }
      return "failed";
    });
  }

  /** Work outside our process goes on: its reference stays. A request whose cancel was asked for ends as cancelled. */
  async release(claim: Claim): Promise<boolean> {
    return this.#ifHeld(claim, false, ({ seq, attempt, defects, cancel_requested }) => {
      if (cancel_requested) this.#finish(seq, cancelled());
      else this.#sql.requeue.run({ seq, attempt: attempt - 1, defects, run_after: 0, keep_engine: 1 });
      return true;
    });
  }

  async cancel(id: string): Promise<CancelOutcome> {
    return this.#writes.write<CancelOutcome>(() => {
      const row = this.#sql.request.get({ id }) as RequestRow | undefined;
      if (!row) return "not_found";
      if (row.status === "running") {
        this.#sql.requestCancel.run({ seq: row.seq });
        return "requested";
      }
      if (row.status !== "queued") return "already_finished";
      this.#sql.requestCancel.run({ seq: row.seq });
      this.#finish(row.seq, cancelled());
      return "cancelled";
    });
  }

  /** False also when nobody asked to cancel. */
  async confirmCancelled(claim: Claim, metrics: RequestMetrics): Promise<boolean> {
    return this.#ifHeld(claim, false, ({ seq, cancel_requested }) => {
      if (cancel_requested) this.#finish(seq, cancelled(metrics));
      return cancel_requested === 1;
    });
  }

  async reap(): Promise<string[]> {
    const offset = this.#now() - this.#uptime();
    const leap = offset - this.#clockOffset;
    const changed = await this.#writes.write(() => {
      const now = this.#now();
      this.#sql.rebaseLeases.run({ now, ahead: leap > CLOCK_LEAP_MS ? Math.round(leap) : 0 });
      return [...this.#failOverdue(now), ...this.#settleLapsed(now)];
    });
    this.#clockOffset = offset;
    return changed;
  }

  async reclaimAll(): Promise<string[]> {
    return this.#writes.write(() => this.#settleLapsed(Number.MAX_SAFE_INTEGER));
  }

  /** @param limit most requests, and most files without a request, that one call deletes. */
  async expire(limit: number): Promise<string[]> {
    return this.#writes.write(() => {
      const now = this.#now();
      const ids = (rows: unknown[]) => (rows as { id: string }[]).map((row) => row.id);
      const files: string[] = [];
      for (const id of ids(this.#sql.expiredRequests.all({ now, limit }))) {
        files.push(...ids(this.#sql.deleteFilesOf.all({ id })));
        this.#sql.deleteRequest.run({ id });
      }
      return files.concat(ids(this.#sql.deleteExpiredFiles.all({ now, limit })));
    });
  }

  async close(): Promise<void> {
    await this.#writes.close();
    if (!this.#db.isOpen) return;
    this.#disk?.close();
    this.#db.close();
  }

  async #read<T>(work: () => T): Promise<T> {
    if (!this.#db.isOpen) throw new ReshootError("unavailable", "The request store is closed");
    const started = performance.now();
    try {
      return work();
    } catch (error) {
      throw toStoreError(error);
    } finally {
      this.#metrics?.storeRead((performance.now() - started) / 1000);
    }
  }

  /** Runs a write in the name of a claim, in the same transaction that checks it. */
  #ifHeld<T>(claim: Claim, stale: T, work: (row: HeldRow) => T): Promise<T> {
    return this.#writes.write(() => {
      const row = this.#sql.held.get({ id: claim.request.id, lease: claim.lease }) as HeldRow | undefined;
      return row ? work(row) : stale;
    });
  }

  /** The one way a request ends: its usage is recorded, and its webhook, if it has one, is to be delivered from now on. */
  #finish(seq: number, ending: Ending): void {
    const now = this.#now();
    const json = (value: unknown) => (value === undefined ? null : JSON.stringify(value));
    const { id, webhook } = this.#sql.finish.get({
      seq,
      status: ending.status,
      output: json(ending.output),
      error: json(ending.error),
      metrics: json(ending.metrics),
      billable_units: ending.billableUnits ?? null,
      now,
    }) as Pick<RequestRow, "id" | "webhook">;
    this.#sql.insertUsage.run({ seq, price: ending.price ?? 0, charge: ending.charge ?? 0 });
    if (webhook !== null) this.#sql.insertWebhook.run(newWebhookValues(id, webhook, now));
  }

  #listStatus(values: Record<string, Value>, status: RequestStatus): unknown[] {
    switch (status) {
      case "queued":
        return this.#sql.listQueued.all(values);
      case "running":
        return this.#sql.listRunning.all(values);
      case "succeeded":
        return this.#sql.listSucceeded.all(values);
      default:
        return this.#sql.listUnsuccessful.all({ ...values, status });
    }
  }

  #ahead(id: string): number {
    const me = this.#sql.behind.get({ id, most: LAST_ONES }) as (LaneRow & { behind: number }) | undefined;
    if (!me) return 0;
    if (me.behind < LAST_ONES) return this.#waiting(me) - me.behind - 1;
    return (this.#sql.position.get({ id }) as { ahead: number }).ahead;
  }

  /** Counts a request that has just been written. @returns its position: nothing is behind it yet, in its own transaction. */
  #countIn({ lane, priority }: NewRequest): number {
    const place = priorityPlace(priority);
    const { count } = this.#sql.countOneMore.get(lane, place) as { count: number };
    return (place === 0 ? count : this.#waiting({ lane, priority: place })) - 1;
  }

  /** Queued requests of a lane that go before lower priorities than this one. */
  #waiting({ lane, priority }: LaneRow): number {
    return (this.#sql.waiting.get({ lane, priority }) as { count: number }).count;
  }

  #failOverdue(now: number): string[] {
    const rows = this.#sql.overdue.all({ now }) as { seq: number; id: string }[];
    for (const { seq } of rows) {
      this.#finish(seq, failed("request_timeout", "The request did not start before its deadline"));
    }
    return rows.map((row) => row.id);
  }

  /** The lapsed lease was pause enough: the next attempt may begin at once, and can attach to work outside. */
  #settleLapsed(until: number): string[] {
    const rows = this.#sql.lapsed.all({ until }) as HeldRow[];
    for (const { seq, attempt, max_attempts, defects, cancel_requested } of rows) {
      if (cancel_requested) this.#finish(seq, cancelled());
      else if (attempt < max_attempts) this.#sql.requeue.run({ seq, attempt, defects, run_after: 0, keep_engine: 1 });
      else this.#finish(seq, failed("runner_disconnected", "The runner stopped while it worked on the request"));
    }
    return rows.map((row) => row.id);
  }

  /** Milliseconds before the next attempt: doubling, of which a random half is jitter. */
  #backoff(attempt: number): number {
    const most = Math.min(this.#retryCapMs, this.#retryBaseMs * 2 ** (attempt - 1));
    return Math.round(most * (0.5 + this.#random() / 2));
  }

  #repeated(request: NewRequest, idempotencyKey: string): RequestRecord | undefined {
    const values = { account_id: request.accountId, idempotency_key: idempotencyKey };
    const row = this.#sql.byIdempotencyKey.get(values) as RequestRow | undefined;
    if (!row) return undefined;
    const first = toRecord(row);
    const contentOf = (id: string) => (this.#sql.file.get({ id }) as { sha256: string } | undefined)?.sha256 || id;
    const same =
      first.endpoint === request.endpoint &&
      fingerprint(first.input, contentOf) === fingerprint(request.input, contentOf);
    if (same) return first;
    throw new ReshootError("bad_request", "The idempotency key was used before for a different request");
  }

  #checkQueue({ accountId, endpoint }: NewRequest, maxQueued: number): void {
    const values = { account_id: accountId, endpoint, most: maxQueued + 1 };
    const { waiting } = this.#sql.countWaiting.get(values) as { waiting: number };
    if (waiting <= maxQueued) return;
    throw new ReshootError("queue_full", `More than ${maxQueued} requests wait already`);
  }

  /** What is charged counts, and so does what open requests may come to. */
  #checkBudget({ keyId }: NewRequest, { dollars, price }: NonNullable<SubmitLimit["budget"]>): void {
    const { charged } = this.#sql.charged.get({ key_id: keyId }) as { charged: number };
    const { reserved } = this.#sql.reserved.get({ key_id: keyId }) as { reserved: number };
    if (charged + reserved + price <= dollars + MONEY_NOISE) return;
    const message = `User is locked. Reason: Exhausted balance. The budget of this key is $${dollars}`;
    throw new ReshootError("budget_exhausted", message);
  }
}

function cancelled(metrics?: RequestMetrics): Ending {
  const error = { code: "client_cancelled", message: "The request was cancelled", issues: [] } as const;
  return { status: "cancelled", error, ...(metrics && { metrics }) };
}

function failed(code: ErrorCode, message: string): Ending {
  return { status: "failed", error: { code, message, issues: [] } };
}
