/** Rows of the request database, and how they become records. */
import type {
  Account,
  FileRecord,
  FileState,
  Key,
  KeyScope,
  KeySource,
  NewRequest,
  Priority,
  RequestRecord,
  RequestStatus,
} from "./store.ts";

/** Column values as SQLite takes and gives them. */
export type Value = null | number | string | Uint8Array;

/** Place of a priority in the queue: smaller goes first. */
const PRIORITIES: readonly Priority[] = ["normal", "low"];

/** The column's value for a priority. */
export function priorityPlace(priority: Priority): number {
  return PRIORITIES.indexOf(priority);
}

/** A row of `requests`; JSON columns are text. */
export type RequestRow = {
  readonly seq: number;
  readonly id: string;
  readonly account_id: string;
  readonly key_id: string | null;
  readonly dialect: NewRequest["dialect"];
  readonly endpoint: string;
  readonly requested_as: string;
  readonly lane: string;
  readonly seed: number;
  readonly priority: number;
  readonly max_attempts: number;
  readonly start_by: number | null;
  readonly keep_for_ms: number;
  readonly webhook: string | null;
  readonly idempotency_key: string | null;
  readonly options: string;
  readonly status: RequestStatus;
  readonly created_at: number;
  readonly started_at: number | null;
  readonly finished_at: number | null;
  readonly attempt: number;
  readonly defects: number;
  readonly run_after: number;
  readonly cancel_requested: number;
  readonly engine: string | null;
  readonly engine_ref: string | null;
  readonly error: string | null;
  readonly metrics: string | null;
  readonly billable_units: number | null;
  readonly expires_at: number | null;
  readonly input: string;
  readonly output: string | null;
};

/**
 * Values of the columns that a submit sets, in the order of its statement.
 * @param reserved dollars kept of the key's budget.
 */
export function newRequestValues(request: NewRequest, now: number, reserved: number | null): Value[] {
  return [
    request.id,
    request.accountId,
    request.keyId,
    request.dialect,
    request.endpoint,
    request.requestedAs,
    request.lane,
    request.seed,
    priorityPlace(request.priority),
    request.maxAttempts,
    request.startBy,
    request.keepForMs,
    request.webhook,
    request.idempotencyKey,
    JSON.stringify(request.options),
    JSON.stringify(request.input),
    now,
    reserved,
  ];
}

/** The record of a request that a submit has just written. */
export function newRecord(request: NewRequest, now: number): RequestRecord {
  return {
    id: request.id,
    accountId: request.accountId,
    keyId: request.keyId,
    dialect: request.dialect,
    endpoint: request.endpoint,
    requestedAs: request.requestedAs,
    lane: request.lane,
    input: request.input,
    seed: request.seed,
    priority: request.priority,
    maxAttempts: request.maxAttempts,
    startBy: request.startBy,
    keepForMs: request.keepForMs,
    webhook: request.webhook,
    idempotencyKey: request.idempotencyKey,
    options: request.options,
    status: "queued",
    createdAt: now,
    startedAt: null,
    finishedAt: null,
    attempt: 0,
    runAfter: 0,
    cancelRequested: false,
    engine: null,
    engineRef: null,
    output: null,
    error: null,
    metrics: null,
    billableUnits: null,
    expiresAt: null,
  };
}

/** The record of a row. */
export function toRecord(row: RequestRow): RequestRecord {
  return {
    id: row.id,
    accountId: row.account_id,
    keyId: row.key_id,
    dialect: row.dialect,
    endpoint: row.endpoint,
    requestedAs: row.requested_as,
    lane: row.lane,
    input: JSON.parse(row.input),
    seed: row.seed,
    priority: PRIORITIES[row.priority]!,
    maxAttempts: row.max_attempts,
    startBy: row.start_by,
    keepForMs: row.keep_for_ms,
    webhook: row.webhook,
    idempotencyKey: row.idempotency_key,
    options: JSON.parse(row.options),
    status: row.status,
    createdAt: row.created_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    attempt: row.attempt,
    runAfter: row.run_after,
    cancelRequested: row.cancel_requested === 1,
    engine: row.engine,
    engineRef: row.engine_ref,
    output: row.output === null ? null : JSON.parse(row.output),
    error: row.error === null ? null : JSON.parse(row.error),
    metrics: row.metrics === null ? null : JSON.parse(row.metrics),
    billableUnits: row.billable_units,
    expiresAt: row.expires_at,
  };
}

/** A row of `files`. */
export type FileRow = {
  readonly id: string;
  readonly account_id: string;
  readonly request_id: string | null;
  readonly file_name: string;
  readonly content_type: string;
  readonly size: number;
  readonly sha256: string;
  readonly state: FileState;
  readonly access: string;
  readonly created_at: number;
  readonly expires_at: number | null;
};

/** Values of all columns of `files`. */
export function fileValues(file: FileRecord): Record<string, Value> {
  return {
    id: file.id,
    account_id: file.accountId,
    request_id: file.requestId,
    file_name: file.fileName,
    content_type: file.contentType,
    size: file.size,
    sha256: file.sha256,
    state: file.state,
    access: JSON.stringify(file.access),
    created_at: file.createdAt,
    expires_at: file.expiresAt,
  };
}

/** The record of a row. */
export function toFile(row: FileRow): FileRecord {
  return {
    id: row.id,
    accountId: row.account_id,
    requestId: row.request_id,
    fileName: row.file_name,
    contentType: row.content_type,
    size: row.size,
    sha256: row.sha256,
    state: row.state,
    access: JSON.parse(row.access),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}

/** A row of `accounts`. */
export type AccountRow = { readonly id: string; readonly name: string; readonly created_at: number };

/** The record of a row. */
export function toAccount(row: AccountRow): Account {
  return { id: row.id, name: row.name, createdAt: row.created_at };
}

/** A row of `keys`. */
export type KeyRow = {
  readonly id: string;
  readonly account_id: string;
  readonly scope: KeyScope;
  readonly salt: Uint8Array;
  readonly secret_hash: Uint8Array;
  readonly created_at: number;
  readonly revoked_at: number | null;
  readonly concurrency: number | null;
  readonly budget: number | null;
  readonly name: string;
  readonly source: KeySource;
};

/** The record of a row, without what is stored of the secret. */
export function toKey(row: KeyRow): Key {
  return {
    id: row.id,
    name: row.name,
    source: row.source,
    accountId: row.account_id,
    scope: row.scope,
    createdAt: row.created_at,
    revokedAt: row.revoked_at,
    concurrency: row.concurrency,
    budget: row.budget,
  };
}
