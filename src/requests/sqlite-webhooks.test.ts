import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, it } from "node:test";
import { DatabaseSync } from "@photostructure/sqlite";
import { STEPS } from "./migrations.ts";
import { openSqliteStore } from "./sqlite.ts";
import type { RequestStatus } from "./store.ts";

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "reshoot-webhooks-"));
});
after(() => rm(folder, { recursive: true, force: true }));

/** A database as the first version left it: requests in every status, with and without a webhook. */
function firstVersion(path: string): void {
  const db = new DatabaseSync(path);
  db.exec(`${STEPS[0]}; PRAGMA user_version = 1; INSERT INTO accounts VALUES ('a1', 'One', 0)`);
  const insert = db.prepare(`
    INSERT INTO requests (id, account_id, dialect, endpoint, requested_as, lane, seed, priority, max_attempts, keep_for_ms,
      webhook, options, status, created_at, finished_at, expires_at, attempt, run_after, cancel_requested, input,
      owner, lease, lease_ms, lease_until)
    VALUES (:id, 'a1', 'fal', 'e', 'e', 'cpu', 0, 0, 3, 1000,
      :webhook, '{}', :status, 5, :end, :end + 1000, 1, 0, 0, '{}',
      :lease, :lease, :leased, :leased)`);
  for (const status of ["queued", "running", "succeeded", "failed", "cancelled"] satisfies RequestStatus[]) {
    const end = status === "queued" || status === "running" ? null : 7;
    const lease = status === "running" ? "l" : null;
    const values = { status, end, lease, leased: lease && 1 };
    insert.run({ ...values, id: status, webhook: "https://example.com/hook" });
    insert.run({ ...values, id: `${status} silently`, webhook: null });
  }
  db.close();
}

it("upgrades a database of the first version: what had ended gets its webhook, what is open gets it in the end", async () => {
  const path = join(folder, "first.db");
  firstVersion(path);
  const store = await openSqliteStore(path, { now: () => 1000 });
  const room = { limit: 99, retries: 99, perHost: 99 };
  const due = async () =>
    (await store.webhooks.claimDue("d", 1000, room)).map(({ delivery }) => delivery.requestId).sort();
  assert.equal((await store.list("a1", { limit: 99 })).length, 10);
  assert.deepEqual(await due(), ["cancelled", "failed", "succeeded"]);
  assert.equal((await store.webhooks.get("failed"))?.delivery.createdAt, 7);
  for (const id of ["queued", "queued silently"]) await store.cancel(id);
  assert.deepEqual(await due(), ["queued"]);
  await store.close();
  const again = await openSqliteStore(path);
  assert.equal((await again.webhooks.get("queued"))?.delivery.attempts, 1);
  await again.close();
});
