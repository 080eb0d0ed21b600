import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { RequestEvents } from "./events.ts";
import { openSqliteStore } from "./sqlite.ts";
import { sampleRequest } from "./store.conformance.ts";
import type { RequestStore } from "./store.ts";
import { type Received, type Receiver, startReceiver, until } from "./webhooks.receiver.ts";
import { createWebhookDeliverer, type WebhookDelivererParts } from "./webhooks.ts";

let folder: string;
let count = 0;
before(async () => {
  // Posting loads it, which must not count against the short time-outs here.
  await import("undici");
  folder = await mkdtemp(join(tmpdir(), "reshoot-deliverer-"));
});
after(() => rm(folder, { recursive: true, force: true }));

/** A store at `path`, closed after the test. */
async function openStore(t: TestContext, path = join(folder, `${++count}.db`)) {
  const store = await openSqliteStore(path);
  t.after(() => store.close());
  await store.accounts.ensureAccount("a1", "One");
  return { path, store };
}

async function listen(t: TestContext, ...how: Parameters<typeof startReceiver>): Promise<Receiver> {
  const receiver = await startReceiver(...how);
  t.after(() => receiver.close());
  return receiver;
}

/** A started deliverer with short pauses, stopped after the test. */
async function start(t: TestContext, store: RequestStore, more: Partial<WebhookDelivererParts> = {}) {
  const events = new RequestEvents();
  const errors: unknown[] = [];
  const deliverer = createWebhookDeliverer({
    store,
    events,
    dialects: {
      fal: {
        body: async ({ id }) => Buffer.from(JSON.stringify({ id })),
        headers: (_record, body, at) => ({ "x-length": String(body.length), "x-at": String(at) }),
      },
    },
    policy: { allowLoopback: true, allowPrivate: false },
    log: { error: (details) => errors.push(details) },
    timeoutsMs: { first: 1000, retry: 400 },
    backoffMs: 10,
    pollMs: 10,
    graceMs: 100,
    ...more,
  });
  await deliverer.start();
  t.after(() => deliverer.stop());
  return { deliverer, events, errors };
}

/** A request that has ended, with this webhook. */
async function end(store: RequestStore, webhook: string, id?: string): Promise<string> {
  const { record } = await store.submit(sampleRequest({ webhook, ...(id && { id }) }));
  await store.cancel(record.id);
  return record.id;
}

const stateOf = async (store: RequestStore, id: string) => (await store.webhooks.get(id))?.delivery.state;
const logOf = async (store: RequestStore, id: string) =>
  (await store.webhooks.get(id))!.attempts.map(({ status, error }) => status ?? error);

describe("webhook deliverer", { timeout: 30_000 }, () => {
  test("delivers once, woken by the event, and logs it", async (t) => {
    const { store } = await openStore(t);
    const receiver = await listen(t);
    const { events } = await start(t, store, { pollMs: 60_000 });
    const id = await end(store, `${receiver.origin}/hook?a=1`);
    events.publish({ type: "changed", id });
    await until(async () => (await stateOf(store, id)) === "delivered");
    assert.deepEqual(receiver.paths(), ["/hook?a=1"]);
    const [{ headers, body }] = receiver.received as [Received];
    assert.equal(body.toString(), JSON.stringify({ id }));
    assert.equal(headers["x-length"], String(body.length));
    const [attempt] = (await store.webhooks.get(id))!.attempts;
    assert.deepEqual([attempt?.attempt, attempt?.status, attempt?.error], [1, 200, null]);
    assert.equal(String(attempt?.at), headers["x-at"]);
  });

  test("tries again after a refused connection, a 500 and silence, signing anew", async (t) => {
    const { store } = await openStore(t);
    const gone = await startReceiver();
    await gone.close();
    let call = 0;
    const answer: Parameters<typeof startReceiver>[0] = (response) => {
      call++;
      if (call === 1) response.writeHead(500).end();
      if (call > 2) response.end();
    };
    const id = await end(store, gone.origin);
    await start(t, store, { backoffMs: 40 });
    await until(async () => (await logOf(store, id)).length >= 1);
    const receiver = await listen(t, answer, Number(new URL(gone.origin).port));
    await until(async () => (await stateOf(store, id)) === "delivered");
    const log = await logOf(store, id);
    assert.equal(log[0], "The receiver refused the connection");
    assert.deepEqual(log.slice(-3), [500, "No answer within 0.4 seconds", 200]);
    assert.equal(new Set(receiver.received.map(({ headers }) => headers["x-at"])).size, 3);
  });

  test("gives up after ten attempts, with doubling pauses that last about two hours in all", async (t) => {
    const { store } = await openStore(t);
    const receiver = await listen(t, (response) => response.writeHead(503).end());
    const id = await end(store, receiver.origin);
    const pauses: number[] = [];
    const { webhooks } = store;
    const patient: RequestStore["webhooks"] = {
      ...webhooks,
      recordAttempt(claim, attempt, outcome) {
        if (typeof outcome === "string") return webhooks.recordAttempt(claim, attempt, outcome);
        pauses.push(outcome.retryAfterMs);
        return webhooks.recordAttempt(claim, attempt, { retryAfterMs: 0 });
      },
    };
    const { get } = store;
    const parts = { store: { get: get.bind(store), webhooks: patient }, random: () => 0.5 };
    await start(t, store, { ...parts, backoffMs: 16_000 });
    await until(async () => (await stateOf(store, id)) === "failed");
    assert.equal(receiver.received.length, 10);
    assert.equal(pauses.length, 9);
    assert.equal(pauses[0], 14_000);
    for (let i = 1; i < 9; i++) assert.equal(pauses[i], 2 * pauses[i - 1]!);
    const hours = pauses.reduce((sum, pause) => sum + pause) / 3600_000;
    assert.ok(hours > 1.9 && hours < 2.1, `${hours} hours`);
  });

  test("does not follow redirects, and refuses forbidden targets for good, saying so", async (t) => {
    const { store } = await openStore(t);
    const receiver = await listen(t, (response) => response.writeHead(302, { location: "/elsewhere" }).end());
    const ids = [await end(store, `${receiver.origin}/moved`), await end(store, "http://10.1.2.3/")];
    await start(t, store);
    for (const id of ids) await until(async () => (await stateOf(store, id)) === "failed");
    assert.deepEqual(receiver.paths(), ["/moved"]);
    assert.deepEqual(await logOf(store, ids[0]!), [302]);
    assert.deepEqual(await logOf(store, ids[1]!), [
      "The URL leads to a private, local or reserved address, which this server does not connect to",
    ]);
  });

  test("does not reach this machine under the strict policy", async (t) => {
    const { store } = await openStore(t);
    const receiver = await listen(t);
    const id = await end(store, receiver.origin);
    await start(t, store, { policy: { allowLoopback: false, allowPrivate: false } });
    await until(async () => (await stateOf(store, id)) === "failed");
    assert.match(String((await logOf(store, id))[0]), /private, local or reserved/);
    assert.equal(receiver.received.length, 0);
  });

  test("fails for good what no dialect can word, and tries again what could not be worded", async (t) => {
    const { store } = await openStore(t);
    const receiver = await listen(t);
    const { record } = await store.submit(sampleRequest({ dialect: "wavespeed", webhook: receiver.origin }));
    await store.cancel(record.id);
    const id = await end(store, receiver.origin);
    let call = 0;
    const body = async () => {
      if (++call === 1) throw new Error("a defect");
      return Buffer.from("{}");
    };
    const { errors } = await start(t, store, { dialects: { fal: { body, headers: () => ({}) } } });
    await until(async () => (await stateOf(store, id)) === "delivered");
    await until(async () => (await stateOf(store, record.id)) === "failed");
    assert.deepEqual(await logOf(store, id), ["The webhook could not be prepared", 200]);
    assert.deepEqual(await logOf(store, record.id), ["Webhooks of the wavespeed dialect are not supported"]);
    assert.equal(errors.length, 1);
  });

  test("never has more under way than eight in all and two to one host, and no receiver holds others up", async (t) => {
    const { store } = await openStore(t);
    let open = 0;
    let most = 0;
    const slowly: Parameters<typeof startReceiver>[0] = (response) => {
      most = Math.max(most, ++open);
      setTimeout(() => {
        open--;
        response.end();
      }, 30);
    };
    const slow = await Promise.all(Array.from({ length: 6 }, () => listen(t, slowly)));
    const silent = await listen(t, () => {});
    for (let i = 0; i < 20; i++) await end(store, `${silent.origin}/${i}`);
    const ids: string[] = [];
    for (let i = 0; i < 30; i++) ids.push(await end(store, `${slow[i % 6]!.origin}/${i}`));
    await start(t, store, { timeoutsMs: { first: 60_000, retry: 60_000 } });
    for (const id of ids) await until(async () => (await stateOf(store, id)) === "delivered");
    assert.equal(silent.received.length, 2);
    assert.ok(most <= 6 && most >= 4, `${most} at once beside the silent ones`);
    for (const receiver of slow) assert.ok(receiver.most <= 2);
    assert.equal(slow.flatMap((receiver) => receiver.paths()).length, 30);
  });

  test("keeps places for first attempts when every retry is slow", async (t) => {
    const { store } = await openStore(t);
    const silent = await Promise.all(Array.from({ length: 8 }, () => listen(t, () => {})));
    for (const { origin } of silent) await end(store, origin);
    await start(t, store, { timeoutsMs: { first: 400, retry: 60_000 }, backoffMs: 1 });
    await until(() => silent.reduce((sum, { received }) => sum + received.length, 0) === 12);
    const receiver = await listen(t);
    const id = await end(store, receiver.origin);
    await until(async () => (await stateOf(store, id)) === "delivered");
  });

  test("a stopped deliverer gives back what is under way; the next one delivers exactly what is pending", async (t) => {
    const { path, store } = await openStore(t);
    let quiet = true;
    const receiver = await listen(t, (response, { path }) => {
      if (!quiet || path.startsWith("/fast")) response.end();
    });
    for (const id of ["fast1", "fast2"]) await end(store, `${receiver.origin}/${id}`, id);
    const first = await start(t, store, { timeoutsMs: { first: 60_000, retry: 60_000 } });
    await until(async () => (await stateOf(store, "fast2")) === "delivered");
    for (const id of ["slow1", "slow2", "slow3"]) await end(store, `${receiver.origin}/${id}`, id);
    await until(() => receiver.received.length === 4);
    await first.deliverer.stop();
    for (const id of ["slow1", "slow2", "slow3"]) {
      const { delivery, attempts } = (await store.webhooks.get(id))!;
      assert.deepEqual([delivery.state, delivery.attempts, attempts], ["pending", 0, []]);
    }
    assert.equal(receiver.received.length, 4, "nothing new was begun while stopping");
    await store.close();

    quiet = false;
    const next = await openStore(t, path);
    await start(t, next.store);
    for (const id of ["slow1", "slow2", "slow3"]) {
      await until(async () => (await stateOf(next.store, id)) === "delivered");
    }
    assert.deepEqual(receiver.paths().slice(0, 2), ["/fast1", "/fast2"]);
    assert.equal(receiver.received.length, 7);
  });

  test("delivers again after a kill between the POST and its record", async (t) => {
    const { path, store } = await openStore(t);
    const receiver = await listen(t);
    const id = await end(store, receiver.origin);
    await store.close();
    const at = (name: string) => JSON.stringify(new URL(name, import.meta.url).href);
    const code = `
      import { RequestEvents } from ${at("./events.js")};
      import { openSqliteStore } from ${at("./sqlite.js")};
      import { createWebhookDeliverer } from ${at("./webhooks.js")};
      const store = await openSqliteStore(${JSON.stringify(path)});
      store.webhooks.recordAttempt = () => process.kill(process.pid, "SIGKILL");
      const fal = { body: async () => Buffer.from("{}"), headers: () => ({}) };
      const policy = { allowLoopback: true, allowPrivate: false };
      await createWebhookDeliverer({ store, events: new RequestEvents(), dialects: { fal }, policy, log: console }).start();
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: "inherit" });
    t.after(() => child.kill("SIGKILL"));
    assert.deepEqual(await once(child, "close"), [null, "SIGKILL"]);
    assert.equal(receiver.received.length, 1);
    const next = (await openStore(t, path)).store;
    assert.equal(await stateOf(next, id), "pending");
    await start(t, next);
    await until(async () => (await stateOf(next, id)) === "delivered");
    assert.equal(receiver.received.length, 2);
    assert.deepEqual(
      (await next.webhooks.get(id))?.attempts.map(({ attempt }) => attempt),
      [2],
    );
  });

  test("does not let one delivery crash the server for ever", async (t) => {
    const { store } = await openStore(t);
    const receiver = await listen(t);
    const id = await end(store, receiver.origin);
    for (let i = 0; i < 10; i++) {
      await store.webhooks.claimDue("crashing", 1000, { limit: 1, retries: 1, perHost: 1 });
      await store.webhooks.reclaimAll();
    }
    await start(t, store);
    await until(async () => (await stateOf(store, id)) === "failed");
    assert.equal(receiver.received.length, 0);
    assert.deepEqual(await logOf(store, id), ["The server stopped during the last attempt"]);
  });
});
