/** The wall clock leaps: ahead by sleep or a correction, back by a correction. The store's and the file store's clocks are set by hand. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, test } from "node:test";
import { createDiskFileStore } from "../../src/files/disk.ts";
import { createUrlSigner } from "../../src/files/signed-urls.ts";
import type { FileStore, NewFile } from "../../src/files/store.ts";
import { openSqliteStore } from "../../src/requests/sqlite.ts";
import type { NewRequest, RequestStore } from "../../src/requests/store.ts";

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;
const LEASE = 15 * SECOND;
const METRICS = { inferenceSeconds: 0 };

let folder: string;
/** What the clock shows, and what it would show had nobody touched it. */
let wall: number;
let uptime: number;
let store: RequestStore;
let files: FileStore;

const now = (): number => wall;
const pass = (ms: number): void => {
  wall += ms;
  uptime += ms;
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "reshoot-clock-"));
  wall = Date.now();
  uptime = 0;
  store = await openSqliteStore(join(folder, "reshoot.db"), { now, uptime: () => uptime, random: () => 1 });
  await store.accounts.ensureAccount("local", "test");
  files = await createDiskFileStore({ folder: join(folder, "files"), table: store.files, now });
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

async function submit(change: Partial<NewRequest> = {}): Promise<string> {
  const id = randomUUID();
  await store.submit({
    id,
    accountId: "local",
    keyId: null,
    dialect: "fal",
    endpoint: "acme/work",
    requestedAs: "acme/work",
    lane: "cpu",
    input: {},
    seed: 1,
    priority: "normal",
    maxAttempts: 10,
    startBy: null,
    keepForMs: 30 * DAY,
    webhook: null,
    idempotencyKey: null,
    options: {},
    ...change,
  });
  return id;
}

const upload = (change: Partial<NewFile> = {}) =>
  files.put(
    {
      accountId: "local",
      requestId: null,
      fileName: "a.bin",
      contentType: "application/octet-stream",
      access: { default: "allow", rules: [] },
      expiresAt: wall + 7 * DAY,
      ...change,
    },
    Readable.from([Buffer.from("bytes")]),
    { maxBytes: 100 },
  );
const expire = async (): Promise<void> => {
  for (const id of await store.expire(100)) await files.delete(id);
};
const claim = () => store.claim("runner", ["cpu"], LEASE);

for (const leap of [-365 * DAY, -HOUR, HOUR, 365 * DAY]) {
  const named = `${leap > 0 ? "ahead" : "back"} by ${Math.abs(leap) / HOUR} h`;

  test(`${named}: a live runner keeps its request, and its result counts`, async () => {
    const id = await submit();
    const held = (await claim())!;
    pass(SECOND);
    wall += leap;
    assert.deepEqual(await store.reap(), []);
    pass(SECOND);
    assert.equal(await store.heartbeat(held, LEASE), "held");
    for (let i = 0; i < 10; i++) {
      pass(10 * SECOND);
      assert.deepEqual(await store.reap(), [], "it beats often enough");
      assert.equal(await store.heartbeat(held, LEASE), "held");
    }
    const result = { output: {}, files: [], metrics: METRICS, billableUnits: 1 };
    assert.equal(await store.succeed(held, result), true);
    const { createdAt, startedAt, finishedAt } = (await store.get(id))!;
    assert.ok(createdAt <= startedAt! && startedAt! <= finishedAt!, "times of a request never run backwards");
  });

  test(`${named}: a dead runner's request is handed out again within a lease's length`, async () => {
    const id = await submit();
    const held = (await claim())!;
    wall += leap;
    await store.reap();
    pass(LEASE + SECOND);
    assert.deepEqual(await store.reap(), [id]);
    assert.equal((await claim())?.request.id, id);
    assert.equal(await store.heartbeat(held, LEASE), "lost");
  });

  test(`${named}: a request that waits for its retry does not wait longer than the longest pause`, async () => {
    const id = await submit();
    assert.equal(
      await store.fail((await claim())!, { code: "unavailable", message: "", issues: [] }, METRICS),
      "requeued",
    );
    wall += leap;
    pass(60 * SECOND);
    assert.equal((await claim())?.request.id, id);
  });

  test(`${named}: the order of the queue stays`, async () => {
    const first = await submit();
    wall += leap;
    const second = await submit();
    assert.equal(await store.position(second), 1);
    assert.equal((await claim())?.request.id, first);
    assert.equal((await claim())?.request.id, second);
  });

  test(`${named}: files and requests are there until the clock says that their time has come`, async () => {
    const file = await upload();
    const id = await submit();
    await store.succeed((await claim())!, { output: {}, files: [], metrics: METRICS, billableUnits: 1 });
    wall += leap;
    await expire();
    const isPast = leap > 30 * DAY;
    assert.equal((await files.get(file.id)) === undefined, isPast);
    assert.equal((await store.get(id)) === undefined, isPast);
    // Back where it was: what is left is whole.
    wall -= leap;
    if (!isPast) assert.equal((await files.get(file.id))?.sha256, file.sha256);
    assert.equal(await files.sweep(), 0, "no bytes without a row");
  });
}

test("a start deadline follows the clock, and never fails what has started", async () => {
  const startBy = wall + 10 * SECOND;
  const started = await submit({ startBy });
  const held = (await claim())!;
  const waiting = await submit({ startBy });
  wall -= DAY;
  assert.deepEqual(await store.reap(), []);
  wall += 2 * DAY;
  assert.deepEqual(await store.reap(), [waiting]);
  assert.equal((await store.get(waiting))?.error?.code, "request_timeout");
  assert.equal((await store.get(started))?.status, "running");
  assert.equal(await store.heartbeat(held, LEASE), "held");
});

test("an upload's signature holds until its time and not after, whichever way the clock leaps", () => {
  const signer = createUrlSigner(new Uint8Array(32), now);
  const query = Object.fromEntries(new URLSearchParams(signer.sign("upload", "file", wall + DAY)));
  const holds = (): boolean => signer.verify("upload", "file", query);
  assert.ok(holds());
  wall += DAY + 2 * SECOND;
  assert.ok(!holds());
  wall -= 2 * DAY;
  assert.ok(holds());
  assert.ok(!signer.verify("upload", "other", query));
  const later = { ...query, expires: String(Number(query.expires) + 1) };
  assert.ok(!signer.verify("upload", "file", later), "nobody can prolong it");
});

test("a delivery that waits for its next attempt is not forgotten when the clock is set back", async () => {
  const id = await submit({ webhook: "http://127.0.0.1:9/hook" });
  await store.succeed((await claim())!, { output: {}, files: [], metrics: METRICS, billableUnits: 1 });
  const room = { limit: 1, retries: 1, perHost: 1 };
  const [delivery] = await store.webhooks.claimDue("server", LEASE, room);
  const attempt = { at: wall, durationMs: 1, status: 503, error: "503" };
  assert.ok(await store.webhooks.recordAttempt(delivery!, attempt, { retryAfterMs: 16 * SECOND }));
  wall -= 365 * DAY;
  pass(2 * HOUR);
  const due = await store.webhooks.claimDue("server", LEASE, room);
  assert.equal(due[0]?.delivery.requestId, id);
});
