/** All SQL of the request store. Status literals stay literals: partial indices match nothing else. */
import type { DatabaseSyncInstance, StatementSyncInstance } from "@photostructure/sqlite";

/** A page of an account's requests. Lists leave out what is to stop and not to be kept. */
const listed = (which: string, index = ""): string => `
    SELECT * FROM requests ${index} WHERE account_id = :account_id AND created_at < :before AND created_at >= :since
      AND NOT (cancel_requested = 1 AND keep_for_ms = 0) ${which}
    ORDER BY created_at DESC, seq DESC LIMIT :limit OFFSET :offset`;

/** Every statement; parameters are named, but in the two that every submit runs: binding by name costs as much as a row. */
export const STATEMENTS = {
  insertRequest: `
    INSERT INTO requests (id, account_id, key_id, dialect, endpoint, requested_as, lane, seed, priority, max_attempts,
      start_by, keep_for_ms, webhook, idempotency_key, options, input, created_at, reserved,
      status, attempt, run_after, cancel_requested)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued', 0, 0, 0)`,
  /** Of lane and priority. */
  countOneMore: "INSERT INTO waiting VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET count = count + 1 RETURNING count",
  byIdempotencyKey: "SELECT * FROM requests WHERE account_id = :account_id AND idempotency_key = :idempotency_key",
  /** Stops counting at `most`. */
  countWaiting: `
    SELECT count(*) AS waiting FROM (
      SELECT 1 FROM requests WHERE status = 'queued' AND account_id = :account_id AND endpoint = :endpoint LIMIT :most)`,
  request: "SELECT * FROM requests WHERE id = :id",
  /** Of the requests behind it in its lane and priority at most `most` are counted. */
  behind: `
    SELECT lane, priority, (SELECT count(*) FROM (SELECT 1 FROM requests
      WHERE status = 'queued' AND lane = me.lane AND priority = me.priority AND seq > me.seq LIMIT :most)) AS behind
    FROM requests AS me WHERE me.id = :id AND me.status = 'queued'`,
  waiting: "SELECT coalesce(sum(count), 0) AS count FROM waiting WHERE lane = :lane AND priority <= :priority",
  position: `
    SELECT (SELECT count(*) FROM requests
            WHERE status = 'queued' AND lane = me.lane AND priority < me.priority)
         + (SELECT count(*) FROM requests
            WHERE status = 'queued' AND lane = me.lane AND priority = me.priority AND seq < me.seq) AS ahead
    FROM requests AS me WHERE me.id = :id AND me.status = 'queued'`,
  waitingLanes: "SELECT lane, sum(count) AS count FROM waiting GROUP BY lane HAVING sum(count) > 0",
  runningLanes: "SELECT lane FROM requests WHERE status = 'running'",
  list: listed(""),
  listEndpoint: listed("AND endpoint = :endpoint"),
  /** Dense, where there are any: by the account's index. */
  listSucceeded: listed("AND status = 'succeeded' AND (:endpoint IS NULL OR endpoint = :endpoint)"),
  listUnsuccessful: listed(
    "AND status IN ('failed', 'cancelled') AND status = :status AND (:endpoint IS NULL OR endpoint = :endpoint)",
  ),
  listQueued: listed(
    "AND status = 'queued' AND (:endpoint IS NULL OR endpoint = :endpoint)",
    "INDEXED BY requests_waiting",
  ),
  listRunning: listed(
    "AND status = 'running' AND (:endpoint IS NULL OR endpoint = :endpoint)",
    "INDEXED BY requests_running",
  ),

  /** A backoff beyond `horizon` was written before the clock was set back. Keys at their limit wait. */
  nextDue: `
    SELECT seq, priority FROM requests
    WHERE status = 'queued' AND lane = :lane AND (run_after <= :now OR run_after > :horizon)
      AND (key_id IS NULL OR key_id NOT IN (
        SELECT id FROM keys WHERE concurrency IS NOT NULL AND concurrency <= (
          SELECT count(*) FROM requests AS busy WHERE busy.status = 'running' AND busy.key_id = keys.id)))
    ORDER BY priority, seq LIMIT 1`,
  take: `
    UPDATE requests SET status = 'running', attempt = attempt + 1,
      started_at = coalesce(started_at, max(:now, created_at)),
      owner = :owner, lease = :lease, lease_ms = :lease_ms, lease_until = :now + :lease_ms
    WHERE seq = :seq RETURNING *`,
  held: `
    SELECT seq, id, attempt, max_attempts, defects, cancel_requested FROM requests
    WHERE id = :id AND lease = :lease AND status = 'running'`,
  extend: "UPDATE requests SET lease_ms = :lease_ms, lease_until = :now + :lease_ms WHERE seq = :seq",
  recordEngine: "UPDATE requests SET engine = :engine, engine_ref = :ref WHERE seq = :seq",
  finish: `
    UPDATE requests SET status = :status, finished_at = max(:now, coalesce(started_at, created_at)),
      expires_at = min(:now + keep_for_ms, 9007199254740991),
      output = :output, error = :error, metrics = coalesce(:metrics, metrics), billable_units = :billable_units,
      owner = NULL, lease = NULL, lease_ms = NULL, lease_until = NULL
    WHERE seq = :seq RETURNING id, webhook`,
  /** A request given back before its first attempt counted has not started. */
  requeue: `
    UPDATE requests SET status = 'queued', attempt = :attempt, defects = :defects, run_after = :run_after,
      started_at = CASE WHEN :attempt > 0 THEN started_at END,
      engine = CASE WHEN :keep_engine THEN engine END, engine_ref = CASE WHEN :keep_engine THEN engine_ref END,
      owner = NULL, lease = NULL, lease_ms = NULL, lease_until = NULL
    WHERE seq = :seq`,
  requestCancel: "UPDATE requests SET cancel_requested = 1 WHERE seq = :seq",
  /** Lists leave out what is to stop and not to be kept. */
  requestRemoval: "UPDATE requests SET cancel_requested = 1, keep_for_ms = 0 WHERE seq = :seq",

  overdue: "SELECT seq, id FROM requests WHERE status = 'queued' AND start_by IS NOT NULL AND start_by <= :now",
  rebaseLeases: `
    UPDATE requests SET lease_until = min(lease_until + :ahead, :now + lease_ms)
    WHERE status = 'running' AND (:ahead > 0 OR lease_until > :now + lease_ms)`,
  lapsed: `
    SELECT seq, id, attempt, max_attempts, defects, cancel_requested FROM requests
    WHERE status = 'running' AND lease_until <= :until`,

  appendLog: `
    INSERT INTO logs (request_id, seq, at, level, message)
    SELECT :request_id, coalesce(max(seq), 0) + 1, :at, :level, :message FROM logs WHERE request_id = :request_id`,
  logs: "SELECT seq, at, level, message FROM logs WHERE request_id = :request_id AND seq > :after ORDER BY seq",

  expiredRequests: `
    SELECT id FROM requests WHERE expires_at IS NOT NULL AND expires_at <= :now AND NOT EXISTS (
      SELECT 1 FROM webhook_deliveries WHERE request_id = requests.id AND state = 'pending')
    ORDER BY expires_at LIMIT :limit`,
  deleteRequest: "DELETE FROM requests WHERE id = :id",
  deleteFilesOf: "DELETE FROM files WHERE request_id = :id RETURNING id",
  /** Files that an open request brought in stay until it has ended. */
  deleteExpiredFiles: `
    DELETE FROM files WHERE id IN (
      SELECT id FROM files WHERE expires_at IS NOT NULL AND expires_at <= :now AND NOT EXISTS (
        SELECT 1 FROM requests WHERE requests.id = files.request_id AND requests.status IN ('queued', 'running'))
      LIMIT :limit)
    RETURNING id`,

  insertWebhook: `
    INSERT INTO webhook_deliveries (request_id, url, host, state, attempts, created_at, next_attempt_at)
    VALUES (:request_id, :url, :host, 'pending', 0, :now, :now)`,
  /** A lease longer than its own length was written before the clock was set back. */
  freeLapsedWebhooks: `
    UPDATE webhook_deliveries SET owner = NULL, lease = NULL, lease_ms = NULL, lease_until = NULL
    WHERE lease IS NOT NULL AND (lease_until <= :now OR lease_until > :now + lease_ms)`,
  freeAllWebhooks: `
    UPDATE webhook_deliveries SET owner = NULL, lease = NULL, lease_ms = NULL, lease_until = NULL
    WHERE lease IS NOT NULL`,
  /** A pause that reaches beyond `horizon` was written before the clock was set back. */
  rebaseWebhooks: `
    UPDATE webhook_deliveries SET next_attempt_at = :now
    WHERE state = 'pending' AND lease IS NULL AND next_attempt_at > :horizon`,
  dueWebhook: `
    SELECT request_id FROM webhook_deliveries
    WHERE state = 'pending' AND lease IS NULL AND next_attempt_at <= :now AND (attempts = 0 OR :retries > 0)
      AND host NOT IN (SELECT host FROM webhook_deliveries WHERE lease IS NOT NULL
                       GROUP BY host HAVING count(*) >= :per_host)
    ORDER BY next_attempt_at LIMIT 1`,
  takeWebhook: `
    UPDATE webhook_deliveries SET attempts = attempts + 1,
      owner = :owner, lease = :lease, lease_ms = :lease_ms, lease_until = :now + :lease_ms
    WHERE request_id = :request_id RETURNING *`,
  settleWebhook: `
    UPDATE webhook_deliveries SET state = :state, next_attempt_at = :next_attempt_at,
      last_status = :status, last_error = :error, owner = NULL, lease = NULL, lease_ms = NULL, lease_until = NULL
    WHERE request_id = :request_id AND lease = :lease`,
  releaseWebhook: `
    UPDATE webhook_deliveries SET attempts = attempts - 1,
      owner = NULL, lease = NULL, lease_ms = NULL, lease_until = NULL
    WHERE request_id = :request_id AND lease = :lease`,
  insertWebhookAttempt: `
    INSERT INTO webhook_attempts (request_id, attempt, at, duration_ms, status, error)
    VALUES (:request_id, :attempt, :at, :duration_ms, :status, :error)`,
  webhook: "SELECT * FROM webhook_deliveries WHERE request_id = :request_id",
  webhookAttempts: "SELECT * FROM webhook_attempts WHERE request_id = :request_id ORDER BY attempt",

  /** Of the input's files only stored ones have a size. */
  insertUsage: `
    INSERT INTO usage (request_id, account_id, key_id, dialect, endpoint, requested_as, engine, status,
      compute_seconds, input_bytes, output_bytes, units, price, charge, created_at, finished_at)
    SELECT id, account_id, key_id, dialect, endpoint, requested_as, engine, status,
      coalesce(json_extract(metrics, '$.inferenceSeconds'), 0),
      (SELECT coalesce(sum(size), 0) FROM files WHERE files.id IN (
        SELECT value FROM json_tree(requests.input) WHERE key = '$url')),
      (SELECT coalesce(sum(size), 0) FROM files WHERE files.id IN (
        SELECT value FROM json_tree(requests.output) WHERE key IN ('$file', '$url'))),
      coalesce(billable_units, 0), :price, :charge, created_at, finished_at
    FROM requests WHERE seq = :seq`,
  newestUsage: `
    SELECT * FROM usage WHERE account_id = :account_id AND finished_at BETWEEN :since AND :until
      AND (:ids IS NULL OR request_id IN (SELECT value FROM json_each(:ids)))
    ORDER BY finished_at DESC, seq DESC LIMIT :limit OFFSET :offset`,
  oldestUsage: `
    SELECT * FROM usage WHERE account_id = :account_id AND finished_at BETWEEN :since AND :until
      AND (:ids IS NULL OR request_id IN (SELECT value FROM json_each(:ids)))
    ORDER BY finished_at, seq LIMIT :limit OFFSET :offset`,
  countUsage: `
    SELECT count(*) AS total FROM usage WHERE account_id = :account_id AND finished_at BETWEEN :since AND :until
      AND (:ids IS NULL OR request_id IN (SELECT value FROM json_each(:ids)))`,
  sumUsage: `
    SELECT endpoint, requested_as, count(*) AS requests, sum(units) AS units, sum(price) AS price, sum(charge) AS charge
    FROM usage WHERE account_id = :account_id AND finished_at BETWEEN :since AND :until AND status = 'succeeded'
    GROUP BY endpoint, requested_as`,
  /** Periods as JSON: `[[since, until], ...]`. CROSS JOIN: each period is looked up by the index. */
  usageSeries: `
    SELECT periods.key AS period, endpoint, sum(status = 'succeeded') AS succeeded, sum(status <> 'succeeded') AS failed,
      sum(compute_seconds) AS compute_seconds, sum(price) AS price, sum(charge) AS charge
    FROM json_each(:periods) AS periods CROSS JOIN usage
    WHERE account_id = :account_id AND finished_at >= json_extract(periods.value, '$[0]')
      AND finished_at < json_extract(periods.value, '$[1]')
    GROUP BY period, endpoint ORDER BY period, price DESC, endpoint`,
  /** What open requests keep of a key's budget. */
  reserved: `
    SELECT coalesce(sum(reserved), 0) AS reserved FROM requests
    WHERE key_id = :key_id AND status IN ('queued', 'running') AND reserved IS NOT NULL`,
  charged: "SELECT coalesce(sum(charge), 0) AS charged FROM usage WHERE key_id = :key_id AND charge > 0",

  insertFile: `
    INSERT INTO files (id, account_id, request_id, file_name, content_type, size, sha256, state, access, created_at,
      expires_at)
    VALUES (:id, :account_id, :request_id, :file_name, :content_type, :size, :sha256, :state, :access, :created_at,
      :expires_at)`,
  file: "SELECT * FROM files WHERE id = :id",
  markReady: `
    UPDATE files SET state = 'ready', size = :size, sha256 = :sha256, content_type = :content_type
    WHERE id = :id AND state = 'pending'`,
  deleteFile: "DELETE FROM files WHERE id = :id",
  existingFiles: "SELECT id FROM files WHERE id IN (SELECT value FROM json_each(:ids))",

  insertAccount: "INSERT INTO accounts (id, name, created_at) VALUES (:id, :name, :now) ON CONFLICT (id) DO NOTHING",
  account: "SELECT * FROM accounts WHERE id = :id",
  updateKey: `
    UPDATE keys SET account_id = :account_id, scope = :scope, salt = :salt, secret_hash = :secret_hash,
      revoked_at = NULL, concurrency = :concurrency, budget = :budget, name = :name, source = :source
    WHERE id = :id`,
  insertKey: `
    INSERT INTO keys (id, account_id, scope, salt, secret_hash, created_at, concurrency, budget, name, source)
    VALUES (:id, :account_id, :scope, :salt, :secret_hash, :now, :concurrency, :budget, :name, :source)`,
  changeKey: `
    UPDATE keys SET name = :name, concurrency = :concurrency, budget = :budget
    WHERE id = :id AND revoked_at IS NULL RETURNING *`,
  revokeKey: "UPDATE keys SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL",
  key: "SELECT * FROM keys WHERE id = :id",
  allKeys: "SELECT * FROM keys ORDER BY created_at, id",
  keys: "SELECT * FROM keys WHERE account_id = :account_id ORDER BY created_at, id",
} as const;

/** The statements, prepared on one connection. */
export type Statements = { readonly [Name in keyof typeof STATEMENTS]: StatementSyncInstance };

/** Prepares every statement; the schema must be there. */
export function prepareStatements(db: DatabaseSyncInstance): Statements {
  const prepared = Object.entries(STATEMENTS).map(([name, sql]) => [name, db.prepare(sql)] as const);
  return Object.fromEntries(prepared) as Statements;
}
