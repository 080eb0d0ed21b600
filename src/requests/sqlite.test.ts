import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { DatabaseSync } from "@photostructure/sqlite";
import { STEPS } from "./migrations.ts";
import { createSqliteStore, openDatabase, openSqliteStore, type SqliteStoreOptions } from "./sqlite.ts";
import { STATEMENTS } from "./sqlite-statements.ts";
import { describeStore, isCode, sampleRequest, type TestStore } from "./store.conformance.ts";
import type { Json } from "./store.ts";
import { describeWebhooks } from "./webhooks.conformance.ts";

const START = 1_800_000_000_000;
let folder: string;
let count = 0;
const newPath = () => join(folder, `${++count}.db`);

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "reshoot-store-"));
});
after(() => rm(folder, { recursive: true, force: true }));

async function openWithAccount(path: string, options?: SqliteStoreOptions) {
  const store = await openSqliteStore(path, options);
  await store.accounts.ensureAccount("a1", "One");
  return store;
}

/** A store on a clock that the conformance suites move. */
async function openForSuite(): Promise<TestStore> {
  const path = newPath();
  let time = START;
  const now = () => time;
  let store = await openWithAccount(path, { now });
  return {
    store,
    advance(ms) {
      time += ms;
    },
    async reopen() {
      await store.close();
      store = await openSqliteStore(path, { now });
      return store;
    },
    dispose: () => store.close(),
  };
}

describeStore("SQLite", openForSuite);
describeWebhooks("SQLite", openForSuite);

/** Runs module code in another process; `STORE` imports the store, `PATH` is the database. */
function child(path: string, code: string) {
  const prelude = `import { openSqliteStore } from ${JSON.stringify(new URL("./sqlite.js", import.meta.url).href)};
    import { sampleRequest } from ${JSON.stringify(new URL("./store.conformance.js", import.meta.url).href)};
    const store = await openSqliteStore(${JSON.stringify(path)});
    await store.accounts.ensureAccount("a1", "One");`;
  const process_ = spawn(process.execPath, ["--input-type=module", "-e", `${prelude}\n${code}`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: string[] = [];
  createInterface(process_.stdout).on("line", (line) => lines.push(line));
  return { process: process_, lines, closed: once(process_, "close") };
}

describe("SQLite between processes", () => {
  it("keeps every acknowledged submit through kill -9", { timeout: 30_000 }, async () => {
    const path = newPath();
    let acknowledged = 0;
    for (const delay of [0, 40, 90, 160]) {
      const writer = child(
        path,
        `import { writeSync } from "node:fs";
         for (let i = 0; i < 8; i++) void (async () => {
           while (true) writeSync(1, (await store.submit(sampleRequest())).record.id + "\\n");
         })();`,
      );
      while (writer.lines.length < 10) await new Promise((resolve) => setTimeout(resolve, 5));
      await new Promise((resolve) => setTimeout(resolve, delay));
      writer.process.kill("SIGKILL");
      await writer.closed;
      const store = await openSqliteStore(path);
      // A line cut by the kill was acknowledged to nobody.
      const ids = writer.lines.filter((line) => line.length === 36);
      for (const id of ids) assert.equal((await store.get(id))?.status, "queued", `acknowledged ${id} is lost`);
      acknowledged += ids.length;
      await store.close();
    }
    const db = new DatabaseSync(path);
    assert.deepEqual({ ...(db.prepare("PRAGMA integrity_check").get() as object) }, { integrity_check: "ok" });
    assert.deepEqual(db.prepare("PRAGMA foreign_key_check").all(), []);
    db.close();
    assert.ok(acknowledged >= 40);
  });

  it("never hands one request to two processes that claim at once", { timeout: 30_000 }, async () => {
    const path = newPath();
    const store = await openWithAccount(path);
    const ids = Array.from({ length: 300 }, (_, i) => `r${i}`);
    await Promise.all(ids.map((id) => store.submit(sampleRequest({ id }))));
    await store.close();
    const claimers = [1, 2].map(() =>
      child(
        path,
        `const work = async () => {
           for (let claim; (claim = await store.claim("r", ["cpu"], 60000)); ) console.log(claim.request.id);
         };
         await Promise.all([work(), work(), work()]);
         await store.close();`,
      ),
    );
    for (const { closed } of claimers) assert.deepEqual(await closed, [0, null]);
    assert.deepEqual(claimers.flatMap(({ lines }) => lines).sort(), ids.sort());
  });

  it("opens a new database from two processes at once", { timeout: 30_000 }, async () => {
    const path = newPath();
    const openers = [1, 2, 3].map(() => child(path, "await store.submit(sampleRequest()); await store.close();"));
    for (const { closed } of openers) assert.deepEqual(await closed, [0, null]);
    const store = await openSqliteStore(path);
    assert.equal((await store.list("a1", { limit: 9 })).length, 3);
    await store.close();
  });

  it("waits beside the event loop for another writer, and gives up clearly", async () => {
    const path = newPath();
    const store = await openWithAccount(path, { busyMs: 300 });
    const other = openDatabase(path);
    other.exec("BEGIN IMMEDIATE");
    setTimeout(() => other.exec("COMMIT"), 120);
    assert.equal((await store.submit(sampleRequest())).created, true);
    other.exec("BEGIN IMMEDIATE");
    await assert.rejects(store.submit(sampleRequest()), isCode("unavailable"));
    other.exec("COMMIT");
    assert.equal((await store.submit(sampleRequest())).created, true);
    other.close();
    await store.close();
  });
});

describe("SQLite in trouble", () => {
  it("rejects clearly when the disk is full, keeps what it has, and goes on when there is room", async () => {
    const db = openDatabase(newPath());
    const store = createSqliteStore(db);
    await store.accounts.ensureAccount("a1", "One");
    const kept = (await store.submit(sampleRequest())).record.id;
    const { page_count: pages } = db.prepare("PRAGMA page_count").get() as { page_count: number };
    db.exec(`PRAGMA max_page_count = ${pages + 2}`);
    const big = () => sampleRequest({ input: { text: "x".repeat(100_000) } });
    const outcomes = await Promise.allSettled([store.submit(big()), store.submit(big())]);
    for (const outcome of outcomes) {
      assert.ok(outcome.status === "rejected" && isCode("storage_full")(outcome.reason), JSON.stringify(outcome));
    }
    await assert.rejects(store.submit(big()), isCode("storage_full"));
    assert.equal((await store.get(kept))?.status, "queued");
    db.exec("PRAGMA max_page_count = 1000000");
    assert.equal((await store.submit(big())).created, true);
    assert.equal((await store.list("a1", { limit: 9 })).length, 2);
    await store.close();
  });

  it("refuses a database of a newer version, naming it, and leaves it alone", async () => {
    const path = newPath();
    await (await openWithAccount(path)).close();
    const db = new DatabaseSync(path);
    db.exec("PRAGMA user_version = 999");
    db.close();
    await assert.rejects(openSqliteStore(path), /999.*newer Reshoot/);
    const again = new DatabaseSync(path);
    assert.equal((again.prepare("SELECT count(*) AS n FROM accounts").get() as { n: number }).n, 1);
    again.close();
  });

  it("says why a file cannot be its database", async () => {
    const path = newPath();
    await writeFile(path, "this is not a database, but it is long enough to look at".repeat(100));
    await assert.rejects(openSqliteStore(path), (error) => {
      assert.ok(isCode("unavailable")(error) && error instanceof Error && error.message.includes(path));
      return true;
    });
    await assert.rejects(openSqliteStore(join(folder, "no", "such", "folder.db")), isCode("unavailable"));
  });

  it("refuses numbers that could not be read back", async () => {
    const store = await openWithAccount(newPath());
    for (const wrong of [{ seed: 2 ** 60 }, { seed: 0.5 }, { seed: Number.NaN }, { keepForMs: Infinity }]) {
      await assert.rejects(store.submit(sampleRequest(wrong)), isCode("bad_request"), JSON.stringify(wrong));
    }
    const forever = (await store.submit(sampleRequest({ keepForMs: Number.MAX_SAFE_INTEGER }))).record.id;
    await store.cancel(forever);
    assert.equal((await store.get(forever))?.expiresAt, Number.MAX_SAFE_INTEGER);
    await store.close();
  });

  it("refuses an input nested too deeply for JSON, and loses no neighbour", async () => {
    const store = await openWithAccount(newPath());
    let deep: Json = 1;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    const [refused, kept] = await Promise.allSettled([
      store.submit(sampleRequest({ input: { deep } })),
      store.submit(sampleRequest()),
    ]);
    assert.ok(refused.status === "rejected" && isCode("bad_request")(refused.reason));
    assert.equal(kept.status, "fulfilled");
    await store.close();
  });

  it("keeps its files to their owner", { skip: process.platform === "win32" && "Windows has no modes" }, async () => {
    const path = newPath();
    const store = await openWithAccount(path);
    for (const name of [path, `${path}-wal`]) assert.equal((await stat(name)).mode & 0o777, 0o600);
    await store.close();
  });
});

describe("SQLite and clocks", () => {
  const openOnClocks = async () => {
    const clock = { wall: START, uptime: 0 };
    const store = await openWithAccount(newPath(), { now: () => clock.wall, uptime: () => clock.uptime });
    const advance = (ms: number) => {
      clock.wall += ms;
      clock.uptime += ms;
    };
    return { store, clock, advance };
  };

  it("spares live runners when the clock leaps ahead, and still finds dead ones", async () => {
    const { store, clock, advance } = await openOnClocks();
    const { id } = (await store.submit(sampleRequest())).record;
    const claim = await store.claim("r", ["cpu"], 1000);
    clock.wall += 8 * 3600_000;
    assert.deepEqual(await store.reap(), []);
    assert.equal(await store.heartbeat(claim!, 1000), "held");
    advance(999);
    assert.deepEqual(await store.reap(), []);
    advance(1);
    assert.deepEqual(await store.reap(), [id]);
    await store.close();
  });

  it("lets no lease and no backoff live on when the clock is set back", async () => {
    const { store, clock, advance } = await openOnClocks();
    const { id } = (await store.submit(sampleRequest())).record;
    await store.claim("r", ["cpu"], 1000);
    clock.wall -= 24 * 3600_000;
    assert.deepEqual(await store.reap(), []);
    advance(1000);
    assert.deepEqual(await store.reap(), [id]);
    const claim = await store.claim("r", ["cpu"], 1000);
    const error = { code: "downstream_service_unavailable", message: "", issues: [] } as const;
    assert.equal(await store.fail(claim!, error, { inferenceSeconds: 0 }), "requeued");
    clock.wall -= 24 * 3600_000;
    const again = await store.claim("r", ["cpu"], 1000);
    assert.ok(again);
    assert.equal(
      await store.succeed(again, { output: {}, files: [], metrics: { inferenceSeconds: 0 }, billableUnits: 1 }),
      true,
    );
    const record = (await store.get(id))!;
    assert.ok(record.startedAt! >= record.createdAt && record.finishedAt! >= record.startedAt!);
    await store.close();
  });
});

describe("SQLite query plans", () => {
  it("reads by index only, of open requests alone where those are meant", () => {
    const db = openDatabase(newPath());
    // Every key, when a server starts or an admin looks at them; the endpoints of periods, and open requests, which are few.
    const { allKeys: _, sumUsage: __, usageSeries: ___, listQueued, listRunning, ...statements } = STATEMENTS;
    for (const [name, sql] of Object.entries(statements)) {
      const plan = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[];
      const scans = plan.filter(({ detail }) => /\bSCAN\b|TEMP B-TREE/.test(detail)).map(({ detail }) => detail);
      // The rows of these are few: those that run or are being delivered, keys with a limit, one constant row, a given list or value.
      const small =
        /requests_running|webhooks_leased|keys_limited|CONSTANT ROW|json_each|json_tree|waiting|SCAN \(subquery/;
      assert.deepEqual(
        scans.filter((detail) => !small.test(detail)),
        [],
        `${name}: ${sql}`,
      );
    }
    const indexOf = (sql: string) =>
      (db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[]).map(({ detail }) => detail).join("\n");
    assert.match(indexOf(STATEMENTS.nextDue), /COVERING INDEX requests_queue/);
    assert.match(indexOf(STATEMENTS.position), /COVERING INDEX requests_queue/);
    assert.match(indexOf(STATEMENTS.countWaiting), /COVERING INDEX requests_waiting/);
    assert.match(indexOf(STATEMENTS.overdue), /requests_start_by/);
    assert.match(indexOf(STATEMENTS.lapsed), /requests_running/);
    assert.match(indexOf(STATEMENTS.expiredRequests), /requests_expiry/);
    assert.match(indexOf(STATEMENTS.dueWebhook), /webhooks_due/);
    assert.match(indexOf(STATEMENTS.rebaseWebhooks), /webhooks_due/);
    assert.match(indexOf(listQueued), /requests_waiting/);
    assert.match(indexOf(listRunning), /requests_running/);
    assert.match(indexOf(STATEMENTS.listUnsuccessful), /requests_unsuccessful/);
    assert.match(indexOf(STATEMENTS.usageSeries), /SEARCH usage USING INDEX usage_by_account/);
    db.close();
  });
});

describe("SQLite's keys of before there were created ones", () => {
  it("are configured, and named as their ids", async () => {
    const path = newPath();
    const db = new DatabaseSync(path);
    db.exec(`${STEPS.slice(0, 5).join(";")}; PRAGMA user_version = 5; INSERT INTO accounts VALUES ('a1', 'One', 0);
      INSERT INTO keys VALUES ('k1', 'a1', 'ADMIN', x'00', x'00', 7, NULL, 2, 1.5)`);
    db.close();
    const store = await openSqliteStore(path);
    const limits = { accountId: "a1", scope: "ADMIN", concurrency: 2, budget: 1.5 };
    const key = { id: "k1", name: "k1", source: "configured", ...limits, createdAt: 7, revokedAt: null };
    assert.deepEqual(await store.accounts.listKeys("a1"), [key]);
    await store.close();
  });
});
