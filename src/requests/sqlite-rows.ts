/** Rows of the request database, and how they become records. */
import type {
  Account,
  FileRecord,
  FileState,
  Key,
  KeyScope,
  NewRequest,
  Priority,
  RequestRecord,
  RequestStatus,
} from "./store.ts";

/** Column values as SQLite takes and gives them. */
export type Value = null | number | string | Uint8Array;

/** Place of a priority in the queue: smaller goes first. */
const PRIORITIES: readonly Priority[] = ["normal", "low"];

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

/** Values of the columns that a submit sets. */
export function newRequestValues(request: NewRequest, now: number): Record<string, Value> {
  return {
    id: request.id,
    account_id: request.accountId,
    key_id: request.keyId,
    dialect: request.dialect,
    endpoint: request.endpoint,
    requested_as: request.requestedAs,
    lane: request.lane,
    seed: request.seed,
    priority: PRIORITIES.indexOf(request.priority),
    max_attempts: request.maxAttempts,
    start_by: request.startBy,
    keep_for_ms: request.keepForMs,
    webhook: request.webhook,
    idempotency_key: request.idempotencyKey,
    options: JSON.stringify(request.options),
    input: JSON.stringify(request.input),
    created_at: now,
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
};

/** The record of a row, without what is stored of the secret. */
export function toKey(row: KeyRow): Key {
  return {
    id: row.id,
    accountId: row.account_id,
    scope: row.scope,
    createdAt: row.created_at,
    revokedAt: row.revoked_at,
    concurrency: row.concurrency,
    budget: row.budget,
  };
}
