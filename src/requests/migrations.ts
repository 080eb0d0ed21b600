/** The schema of the request database, as steps that only ever grow. */
import type { DatabaseSyncInstance } from "@photostructure/sqlite";
import { ReshootError } from "../errors.ts";

/**
 * One step per schema version, never edited after a release. Partial indices hold only open requests, so that finished
 * ones slow down neither claiming nor the queue position.
 *
 * `requests.seq` is the place in the queue: unlike `created_at` it does not depend on the clock. `priority` is 0 for
 * normal and 1 for low. `files.request_id` has no foreign key: files that a request brings in are stored before it is
 * accepted. Numbers stay within what JavaScript holds exactly: one that does not would make its row unreadable.
 *
 * `webhook_deliveries.host` is the URL's host and port. Requests that had ended before there were deliveries get theirs;
 * they share one place, the empty host.
 *
 * `waiting` counts the queued requests, so that the position of one that has just come costs the same however many wait.
 * A submit counts its own: it needs the count anyway. Triggers count the rest.
 *
 * `usage` outlives its requests, so it names them without a foreign key. Dollars are REAL: they are sums of list prices,
 * shown rounded.
 *
 * `requests.defects` counts the attempts that ended in an error of a kind that is seldom tried again. `reserved` holds the
 * dollars that an open request keeps of its key's budget; null where there is no budget.
 *
 * All keys older than `keys.source` were configured.
 */
export const STEPS: readonly string[] = [
  `
  CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE keys (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    scope TEXT NOT NULL CHECK (scope IN ('API', 'ADMIN')),
    salt BLOB NOT NULL,
    secret_hash BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER,
    concurrency INTEGER,
    budget REAL
  ) STRICT;
  CREATE INDEX keys_by_account ON keys (account_id, created_at, id);
  CREATE INDEX keys_limited ON keys (concurrency) WHERE concurrency IS NOT NULL;

  CREATE TABLE requests (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    key_id TEXT REFERENCES keys (id),
    dialect TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    requested_as TEXT NOT NULL,
    lane TEXT NOT NULL,
    seed INTEGER NOT NULL CHECK (abs(seed) <= 9007199254740991),
    priority INTEGER NOT NULL CHECK (priority IN (0, 1)),
    max_attempts INTEGER NOT NULL CHECK (max_attempts >= 1),
    start_by INTEGER CHECK (abs(start_by) <= 9007199254740991),
    keep_for_ms INTEGER NOT NULL CHECK (keep_for_ms BETWEEN 0 AND 9007199254740991),
    webhook TEXT,
    idempotency_key TEXT,
    options TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER,
    attempt INTEGER NOT NULL,
    run_after INTEGER NOT NULL,
    cancel_requested INTEGER NOT NULL,
    engine TEXT,
    engine_ref TEXT,
    error TEXT,
    metrics TEXT,
    billable_units REAL,
    expires_at INTEGER,
    owner TEXT,
    lease TEXT,
    lease_ms INTEGER,
    lease_until INTEGER,
    input TEXT NOT NULL,
    output TEXT,
    CHECK ((status = 'running') = (lease IS NOT NULL)),
    CHECK ((status IN ('queued', 'running')) = (expires_at IS NULL))
  ) STRICT;
  CREATE INDEX requests_queue ON requests (lane, priority, seq, run_after, key_id) WHERE status = 'queued';
  CREATE INDEX requests_waiting ON requests (account_id, endpoint) WHERE status = 'queued';
  CREATE INDEX requests_start_by ON requests (start_by) WHERE status = 'queued' AND start_by IS NOT NULL;
  CREATE INDEX requests_running ON requests (key_id) WHERE status = 'running';
  CREATE UNIQUE INDEX requests_idempotency ON requests (account_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
  CREATE INDEX requests_by_account ON requests (account_id, created_at);
  CREATE INDEX requests_by_endpoint ON requests (account_id, endpoint, created_at);
  CREATE INDEX requests_expiry ON requests (expires_at) WHERE expires_at IS NOT NULL;

  CREATE TABLE logs (
    request_id TEXT NOT NULL REFERENCES requests (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    level TEXT NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (request_id, seq)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE files (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    request_id TEXT,
    file_name TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'ready')),
    access TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER
  ) STRICT;
  CREATE INDEX files_by_request ON files (request_id) WHERE request_id IS NOT NULL;
  CREATE INDEX files_expiry ON files (expires_at) WHERE expires_at IS NOT NULL;
  `,
  `
  CREATE TABLE webhook_deliveries (
    request_id TEXT PRIMARY KEY REFERENCES requests (id) ON DELETE CASCADE,
    url TEXT NOT NULL,
    host TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
    attempts INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    next_attempt_at INTEGER,
    last_status INTEGER,
    last_error TEXT,
    owner TEXT,
    lease TEXT,
    lease_ms INTEGER,
    lease_until INTEGER,
    CHECK ((state = 'pending') = (next_attempt_at IS NOT NULL)),
    CHECK (state = 'pending' OR lease IS NULL),
    CHECK ((lease IS NULL) = (lease_until IS NULL))
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX webhooks_due ON webhook_deliveries (next_attempt_at, host, attempts)
    WHERE state = 'pending' AND lease IS NULL;
  CREATE INDEX webhooks_leased ON webhook_deliveries (host) WHERE lease IS NOT NULL;

  CREATE TABLE webhook_attempts (
    request_id TEXT NOT NULL REFERENCES webhook_deliveries (request_id) ON DELETE CASCADE,
    attempt INTEGER NOT NULL,
    at INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    status INTEGER,
    error TEXT,
    PRIMARY KEY (request_id, attempt)
  ) STRICT, WITHOUT ROWID;

  INSERT INTO webhook_deliveries (request_id, url, host, state, attempts, created_at, next_attempt_at)
    SELECT id, webhook, '', 'pending', 0, finished_at, finished_at FROM requests
    WHERE webhook IS NOT NULL AND status IN ('succeeded', 'failed', 'cancelled');
  `,
  `
  CREATE TABLE usage (
    seq INTEGER PRIMARY KEY,
    request_id TEXT NOT NULL UNIQUE,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    key_id TEXT REFERENCES keys (id),
    dialect TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    requested_as TEXT NOT NULL,
    engine TEXT,
    status TEXT NOT NULL CHECK (status IN ('succeeded', 'failed', 'cancelled')),
    compute_seconds REAL NOT NULL,
    input_bytes INTEGER NOT NULL,
    output_bytes INTEGER NOT NULL,
    units REAL NOT NULL,
    price REAL NOT NULL,
    charge REAL NOT NULL,
    created_at INTEGER NOT NULL,
    finished_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX usage_by_account ON usage (account_id, finished_at);
  CREATE INDEX usage_charged ON usage (key_id) WHERE charge > 0;
  `,
  `
  CREATE TABLE waiting (
    lane TEXT NOT NULL,
    priority INTEGER NOT NULL,
    count INTEGER NOT NULL CHECK (count >= 0),
    PRIMARY KEY (lane, priority)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO waiting SELECT lane, priority, count(*) FROM requests WHERE status = 'queued' GROUP BY lane, priority;
  CREATE TRIGGER requests_come AFTER INSERT ON requests WHEN new.status = 'queued' BEGIN
    INSERT INTO waiting VALUES (new.lane, new.priority, 1) ON CONFLICT DO UPDATE SET count = count + 1;
  END;
  CREATE TRIGGER requests_leave AFTER UPDATE OF status ON requests WHEN old.status = 'queued' AND new.status <> 'queued'
  BEGIN
    UPDATE waiting SET count = count - 1 WHERE lane = new.lane AND priority = new.priority;
  END;
  CREATE TRIGGER requests_return AFTER UPDATE OF status ON requests WHEN old.status <> 'queued' AND new.status = 'queued'
  BEGIN
    UPDATE waiting SET count = count + 1 WHERE lane = new.lane AND priority = new.priority;
  END;
  CREATE TRIGGER requests_go AFTER DELETE ON requests WHEN old.status = 'queued' BEGIN
    UPDATE waiting SET count = count - 1 WHERE lane = old.lane AND priority = old.priority;
  END;
  `,
  `
  ALTER TABLE requests ADD COLUMN defects INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE requests ADD COLUMN reserved REAL;
  CREATE INDEX requests_reserved ON requests (key_id, reserved)
    WHERE status IN ('queued', 'running') AND reserved IS NOT NULL;
  DROP TRIGGER requests_come;
  `,
  `
  ALTER TABLE keys ADD COLUMN name TEXT NOT NULL DEFAULT '';
  ALTER TABLE keys ADD COLUMN source TEXT NOT NULL DEFAULT 'configured' CHECK (source IN ('configured', 'created'));
  UPDATE keys SET name = id;
  CREATE INDEX requests_unsuccessful ON requests (account_id, status, created_at)
    WHERE status IN ('failed', 'cancelled');
  `,
];

/**
 * Brings a database to the newest schema, each step in one transaction; several processes may do so at once.
 * @throws ReshootError `unavailable` when the database was written by a newer version.
 */
export function migrate(db: DatabaseSyncInstance, path: string): void {
  while (true) {
    // The lock comes first: another process may be migrating right now.
    db.exec("BEGIN IMMEDIATE");
    try {
      const { user_version: version } = db.prepare("PRAGMA user_version").get() as { user_version: number };
      if (version > STEPS.length) {
        throw new ReshootError(
          "unavailable",
          `${path} has schema version ${version}, written by a newer Reshoot; this one knows up to ${STEPS.length}. ` +
            "Update Reshoot, or use another data folder",
        );
      }
      const step = STEPS[version];
      if (step !== undefined) db.exec(`${step}; PRAGMA user_version = ${version + 1}`);
      db.exec("COMMIT");
      if (step === undefined) return;
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      throw error;
    }
  }
}
