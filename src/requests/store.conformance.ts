/** What every implementation of the request store must do: the suite that a new one has to pass first. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, describe, it } from "node:test";
import { ReshootError, type SerializedError } from "../errors.ts";
import type { Claim, FileRecord, NewRequest, RequestStore } from "./store.ts";

/** An empty store on a clock that the suite moves, with an account `a1` in it. */
export type TestStore = {
  readonly store: RequestStore;
  /** Moves the clock by milliseconds. */
  advance(ms: number): void;
  /** Closes the store and opens it again on the same data. */
  reopen(): Promise<RequestStore>;
  /** Closes and removes everything. */
  dispose(): Promise<void>;
};

const DONE = { inferenceSeconds: 1.5 };
const RETRYABLE: SerializedError = { code: "downstream_service_unavailable", message: "it broke", issues: [] };
const FINAL: SerializedError = {
  code: "video_load_error",
  message: "no video",
  issues: [{ loc: ["body", "video_url"], msg: "no video", type: "video_load_error" }],
};

/** A request of account `a1`, different in what a test is about. */
export function sampleRequest(differences: Partial<NewRequest> = {}): NewRequest {
  return {
    id: randomUUID(),
    accountId: "a1",
    keyId: null,
    dialect: "fal",
    endpoint: "fal-ai/void-video-inpainting",
    requestedAs: "fal-ai/void",
    lane: "cpu",
    input: { prompt: "a \u0000 cat 🐈", nested: { list: [1, 2.5, null, true] } },
    seed: 2 ** 40,
    priority: "normal",
    maxAttempts: 3,
    startBy: null,
    keepForMs: 60_000,
    webhook: "https://example.com/hook",
    idempotencyKey: null,
    options: { tags: ["x"] },
    ...differences,
  };
}

/** A ready file of account `a1`. */
export function sampleFile(differences: Partial<FileRecord> = {}): FileRecord {
  return {
    id: randomUUID(),
    accountId: "a1",
    requestId: null,
    fileName: "clip.mp4",
    contentType: "video/mp4",
    size: 3 * 2 ** 32,
    sha256: "ab".repeat(32),
    state: "ready",
    access: { default: "hide", rules: [{ user: "a2", decision: "allow" }] },
    createdAt: 5,
    expiresAt: null,
    ...differences,
  };
}

/** Whether a rejection is a ReshootError of this code. */
export function isCode(code: ReshootError["code"]): (error: unknown) => boolean {
  return (error) => error instanceof ReshootError && error.code === code;
}

/** Runs the suite over stores that `open` makes. */
export function describeStore(name: string, open: () => Promise<TestStore>): void {
  const opened: TestStore[] = [];
  const fresh = async () => {
    const test = await open();
    opened.push(test);
    return test;
  };
  const mustClaim = async (store: RequestStore, leaseMs = 1000): Promise<Claim> => {
    const claim = await store.claim("runner", ["cpu"], leaseMs);
    assert.ok(claim, "a request should have been due");
    return claim;
  };
  const result = (files: FileRecord[] = []) => ({
    output: { video: { $file: "f" } },
    files,
    metrics: DONE,
    billableUnits: 2.5,
  });
  const statusOf = async (store: RequestStore, id: string) => (await store.get(id))?.status;

  describe(`${name} as a request store`, () => {
    after(async () => {
      for (const test of opened) await test.dispose();
    });

    it("keeps a submitted request exactly, across a restart", async () => {
      const test = await fresh();
      const request = sampleRequest();
      const { record, created } = await test.store.submit(request);
      assert.equal(created, true);
      assert.equal(record.status, "queued");
      for (const [key, value] of Object.entries(request)) assert.deepEqual(Reflect.get(record, key), value, key);
      const store = await test.reopen();
      assert.deepEqual(await store.get(request.id), record);
      assert.equal(await store.get("absent"), undefined);
    });

    it("refuses a second request of the same id, and one of an unknown account, and loses no neighbour", async () => {
      const { store } = await fresh();
      const request = sampleRequest();
      const [first, second, third, fourth] = await Promise.allSettled([
        store.submit(request),
        store.submit(request),
        store.submit(sampleRequest({ accountId: "nobody" })),
        store.submit(sampleRequest()),
      ]);
      assert.deepEqual([first.status, fourth.status], ["fulfilled", "fulfilled"]);
      for (const refused of [second, third]) {
        assert.ok(refused.status === "rejected" && isCode("bad_request")(refused.reason));
      }
      assert.equal((await store.list("a1", { limit: 10 })).length, 2);
    });

    it("returns the first request for a repeated idempotency key, also when finished", async () => {
      const { store } = await fresh();
      const request = sampleRequest({ idempotencyKey: "k" });
      const again = {
        ...request,
        id: "again",
        input: { nested: request.input.nested!, prompt: request.input.prompt! },
      };
      const pair = await Promise.all([store.submit(request), store.submit(again)]);
      assert.deepEqual(
        pair.map(({ created, record }) => [created, record.id]),
        [
          [true, request.id],
          [false, request.id],
        ],
      );
      await store.succeed(await mustClaim(store), result());
      const { record, created } = await store.submit(again, { maxQueued: 0 });
      assert.deepEqual([created, record.status], [false, "succeeded"]);
      await assert.rejects(store.submit({ ...again, endpoint: "other" }), isCode("bad_request"));
      await assert.rejects(store.submit({ ...again, input: {} }), isCode("bad_request"));
      await store.accounts.ensureAccount("a2", "Two");
      assert.equal((await store.submit({ ...again, accountId: "a2", input: {} })).created, true);
    });

    it("knows a repeated input by the content of its files", async () => {
      const { store } = await fresh();
      const files = [sampleFile(), sampleFile(), sampleFile({ sha256: "cd".repeat(32) })];
      for (const file of files) await store.files.insert(file);
      const submit = (file: FileRecord) =>
        store.submit(
          sampleRequest({ idempotencyKey: "k", input: { video_url: { $url: file.id, file_name: file.id } } }),
        );
      assert.equal((await submit(files[0]!)).created, true);
      assert.equal((await submit(files[1]!)).created, false);
      await assert.rejects(submit(files[2]!), isCode("bad_request"));
    });

    it("limits how many requests of an account and endpoint wait", async () => {
      const { store } = await fresh();
      const submit = (endpoint = "e") => store.submit(sampleRequest({ endpoint }), { maxQueued: 1 });
      await submit();
      await submit();
      await assert.rejects(submit(), isCode("queue_full"));
      await submit("other");
      await mustClaim(store);
      await submit();
    });

    it("serves normal before low, then oldest, of the asked lanes only", async () => {
      const { store } = await fresh();
      const ids = ["low1", "n1", "gpu1", "n2", "low2"];
      for (const id of ids) {
        const priority = id.startsWith("low") ? "low" : "normal";
        await store.submit(sampleRequest({ id, priority, lane: id.startsWith("gpu") ? "gpu" : "cpu" }));
      }
      assert.deepEqual(await Promise.all(ids.map((id) => store.position(id))), [2, 0, 0, 1, 3]);
      const order = [];
      for (let claim = await store.claim("r", ["cpu", "relay"], 1000); claim; ) {
        order.push(claim.request.id);
        claim = await store.claim("r", ["cpu", "relay"], 1000);
      }
      assert.deepEqual(order, ["n1", "n2", "low1", "low2"]);
      assert.deepEqual([await store.position("n1"), await store.position("absent")], [0, 0]);
      assert.equal(await store.claim("r", [], 1000), undefined);
    });

    it("lists an account's requests, newest first, by page and endpoint", async () => {
      const { store, advance } = await fresh();
      for (const id of ["1", "2", "3", "4"]) {
        await store.submit(sampleRequest({ id, endpoint: id === "3" ? "other" : "e" }));
        advance(10);
      }
      const ids = async (page: Parameters<RequestStore["list"]>[1], account = "a1") =>
        (await store.list(account, page)).map((record) => record.id);
      assert.deepEqual(await ids({ limit: 2 }), ["4", "3"]);
      const { createdAt } = (await store.get("3"))!;
      assert.deepEqual(await ids({ limit: 9, before: createdAt }), ["2", "1"]);
      assert.deepEqual(await ids({ limit: 2, endpoint: "e" }), ["4", "2"]);
      assert.deepEqual(await ids({ limit: 9 }, "a2"), []);
      await store.cancel("2");
      await store.cancel("3");
      assert.deepEqual(await ids({ limit: 9, status: "cancelled" }), ["3", "2"]);
      assert.deepEqual(await ids({ limit: 9, status: "cancelled", endpoint: "e" }), ["2"]);
      assert.deepEqual(await ids({ limit: 1, offset: 1, status: "queued" }), ["1"]);
      assert.deepEqual(await ids({ limit: 9, status: "failed" }), []);
    });

    it("carries a claimed request to its result, files and logs", async () => {
      const test = await fresh();
      const { id } = (await test.store.submit(sampleRequest())).record;
      test.advance(5);
      const claim = await mustClaim(test.store);
      assert.deepEqual([claim.request.status, claim.request.attempt], ["running", 1]);
      assert.equal(await test.store.recordEngine(claim, "relay", "ref-1"), true);
      const line = { at: 7, level: "INFO", message: "frame 1" } as const;
      assert.equal(await test.store.appendLogs(claim, [line, { ...line, level: "WARN" }]), true);
      assert.equal(await test.store.appendLogs(claim, [line]), true);
      const file = sampleFile({ requestId: id });
      assert.equal(await test.store.succeed(claim, result([file])), true);
      const store = await test.reopen();
      const record = (await store.get(id))!;
      assert.equal(record.status, "succeeded");
      assert.deepEqual([record.engine, record.engineRef], ["relay", "ref-1"]);
      assert.deepEqual([record.output, record.metrics, record.billableUnits], [result().output, DONE, 2.5]);
      assert.equal(record.startedAt, record.createdAt + 5);
      assert.equal(record.expiresAt, record.finishedAt! + 60_000);
      assert.deepEqual(await store.files.get(file.id), file);
      assert.deepEqual(
        (await store.logs(id)).map(({ seq, level }) => [seq, level]),
        [
          [1, "INFO"],
          [2, "WARN"],
          [3, "INFO"],
        ],
      );
      assert.deepEqual(await store.logs(id, 2), [{ seq: 3, ...line }]);
    });

    it("writes nothing of a result whose files it cannot keep", async () => {
      const { store } = await fresh();
      await store.submit(sampleRequest());
      const claim = await mustClaim(store);
      const [good, twice] = [sampleFile(), sampleFile()];
      await assert.rejects(store.succeed(claim, result([good, twice, twice])), isCode("bad_request"));
      assert.equal(await store.files.get(good.id), undefined);
      assert.equal(await statusOf(store, claim.request.id), "running");
      assert.equal(await store.succeed(claim, result([good])), true);
    });

    it("tries a retryable failure again, later and later, until attempts are used up", async () => {
      const { store, advance } = await fresh();
      const { id } = (await store.submit(sampleRequest())).record;
      for (const most of [1000, 2000]) {
        const claim = await mustClaim(store);
        assert.equal(await store.fail(claim, RETRYABLE, DONE), "requeued");
        assert.equal(await store.claim("r", ["cpu"], 1000), undefined);
        advance(most / 2 - 1);
        assert.equal(await store.claim("r", ["cpu"], 1000), undefined);
        advance(most / 2 + 1);
      }
      assert.equal(await store.fail(await mustClaim(store), RETRYABLE, DONE), "failed");
      const record = (await store.get(id))!;
      assert.deepEqual([record.status, record.attempt, record.error], ["failed", 3, RETRYABLE]);
    });

    it("tries a failure no more often than its kind allows", async () => {
      const { store, advance } = await fresh();
      await store.submit(sampleRequest({ maxAttempts: 10 }));
      const defect = { code: "internal_server_error", message: "Internal server error", issues: [] } as const;
      assert.equal(await store.fail(await mustClaim(store), defect, DONE), "requeued");
      advance(60_000);
      assert.equal(await store.fail(await mustClaim(store), defect, DONE), "failed");
    });

    it("counts of an attempt that was lost with its runner only that it was made", async () => {
      const { store, advance } = await fresh();
      const { id } = (await store.submit(sampleRequest({ maxAttempts: 10 }))).record;
      const defect = { code: "internal_server_error", message: "Internal server error", issues: [] } as const;
      const passing = { ...RETRYABLE, code: "downstream_service_unavailable" } as const;
      for (let lost = 0; lost < 2; lost++) {
        await mustClaim(store);
        assert.deepEqual(await store.reclaimAll(), [id]);
      }
      await mustClaim(store);
      advance(1000);
      assert.deepEqual(await store.reap(), [id]);
      assert.equal(await store.fail(await mustClaim(store), passing, DONE), "requeued");
      advance(60_000);
      assert.equal(await store.fail(await mustClaim(store), defect, DONE), "requeued");
      advance(60_000);
      assert.ok(await store.release(await mustClaim(store)));
      await mustClaim(store);
      assert.deepEqual(await store.reclaimAll(), [id]);
      assert.equal(await store.fail(await mustClaim(store), defect, DONE), "failed");
      assert.equal((await store.get(id))?.attempt, 7);
    });

    it("never makes more attempts than a request allows, whatever they end in", async () => {
      const { store, advance } = await fresh();
      await store.submit(sampleRequest({ maxAttempts: 2 }));
      const defect = { code: "internal_server_error", message: "Internal server error", issues: [] } as const;
      assert.equal(await store.fail(await mustClaim(store), RETRYABLE, DONE), "requeued");
      advance(60_000);
      assert.equal(await store.fail(await mustClaim(store), defect, DONE), "failed");
    });

    it("does not try again what can only fail", async () => {
      const { store } = await fresh();
      const { id } = (await store.submit(sampleRequest())).record;
      assert.equal(await store.fail(await mustClaim(store), FINAL, DONE), "failed");
      assert.deepEqual((await store.get(id))?.error, FINAL);
    });

    it("gives a released request its place and attempt back", async () => {
      const { store } = await fresh();
      const first = (await store.submit(sampleRequest())).record;
      await store.submit(sampleRequest());
      const claim = await mustClaim(store);
      assert.equal(await store.release(claim), true);
      assert.equal(await store.release(claim), false);
      assert.deepEqual(await store.get(first.id), first);
      assert.equal((await mustClaim(store)).request.id, first.id);
    });

    it("takes a request from a runner that fell silent, and lets that runner write nothing more", async () => {
      const { store, advance } = await fresh();
      const { id } = (await store.submit(sampleRequest())).record;
      const stale = await mustClaim(store);
      await store.recordEngine(stale, "relay", "ref");
      advance(900);
      assert.equal(await store.heartbeat(stale, 1000), "held");
      advance(900);
      assert.deepEqual(await store.reap(), []);
      advance(200);
      assert.deepEqual(await store.reap(), [id]);
      const next = await mustClaim(store);
      assert.deepEqual([next.request.attempt, next.request.engineRef], [2, "ref"]);
      const before = await store.get(id);
      assert.equal(await store.heartbeat(stale, 1000), "lost");
      assert.equal(await store.recordEngine(stale, "x", null), false);
      assert.equal(await store.appendLogs(stale, [{ at: 0, level: "INFO", message: "late" }]), false);
      assert.equal(await store.succeed(stale, result([sampleFile({ id: "late" })])), false);
      assert.equal(await store.fail(stale, FINAL, DONE), "lost");
      assert.equal(await store.release(stale), false);
      assert.equal(await store.confirmCancelled(stale, DONE), false);
      assert.deepEqual(await store.get(id), before);
      assert.deepEqual([await store.logs(id), await store.files.get("late")], [[], undefined]);
      assert.equal(await store.succeed(next, result()), true);
      assert.equal(await store.succeed(next, result()), false);
    });

    it("fails a request with its last runner, or cancels it when that was asked", async () => {
      const { store, advance } = await fresh();
      const lost = (await store.submit(sampleRequest({ maxAttempts: 1 }))).record.id;
      const unwanted = (await store.submit(sampleRequest())).record.id;
      await mustClaim(store);
      await mustClaim(store);
      await store.cancel(unwanted);
      advance(1000);
      assert.deepEqual((await store.reap()).sort(), [lost, unwanted].sort());
      assert.equal((await store.get(lost))?.error?.code, "runner_disconnected");
      assert.equal(await statusOf(store, unwanted), "cancelled");
    });

    it("reclaims everything at start-up, whatever the leases say", async () => {
      const test = await fresh();
      const { id } = (await test.store.submit(sampleRequest())).record;
      const claim = await mustClaim(test.store, 1e9);
      const store = await test.reopen();
      assert.deepEqual(await store.reclaimAll(), [id]);
      assert.equal(await store.heartbeat(claim, 1000), "lost");
      assert.equal((await mustClaim(store)).request.attempt, 2);
    });

    it("cancels a waiting request at once and a running one through its runner", async () => {
      const { store } = await fresh();
      const [waiting, running] = [sampleRequest({ priority: "low" }), sampleRequest()];
      await store.submit(waiting);
      await store.submit(running);
      const claim = await mustClaim(store);
      assert.equal(await store.confirmCancelled(claim, DONE), false, "nobody asked yet");
      assert.equal(await store.cancel(waiting.id), "cancelled");
      assert.equal(await store.cancel(waiting.id), "already_finished");
      assert.equal(await store.cancel(running.id), "requested");
      assert.equal(await store.cancel("absent"), "not_found");
      assert.equal(await statusOf(store, running.id), "running");
      assert.equal(await store.heartbeat(claim, 1000), "cancel");
      assert.equal(await store.confirmCancelled(claim, DONE), true);
      assert.equal(await statusOf(store, running.id), "cancelled");
      assert.equal(await store.claim("r", ["cpu"], 1000), undefined);
    });

    it("settles cancel races: failing or releasing ends as cancelled, a finished result stays", async () => {
      const { store } = await fresh();
      for (const id of ["fail", "release", "succeed"]) await store.submit(sampleRequest({ id }));
      const claims = [await mustClaim(store), await mustClaim(store), await mustClaim(store)] as const;
      for (const { request } of claims) await store.cancel(request.id);
      assert.equal(await store.fail(claims[0], RETRYABLE, DONE), "failed");
      assert.equal(await store.release(claims[1]), true);
      assert.equal(await store.succeed(claims[2], result()), true);
      const statuses = await Promise.all(claims.map(({ request }) => statusOf(store, request.id)));
      assert.deepEqual(statuses, ["cancelled", "cancelled", "succeeded"]);
      assert.equal(await store.cancel("succeed"), "already_finished");
    });

    it("never starts a request after its start deadline", async () => {
      const { store, advance } = await fresh();
      const { createdAt } = (await store.submit(sampleRequest())).record;
      await store.cancel((await store.list("a1", { limit: 1 }))[0]!.id);
      const inTime = (await store.submit(sampleRequest({ startBy: createdAt + 10 }))).record.id;
      const claim = await mustClaim(store, 1e6);
      assert.equal(claim.request.id, inTime);
      const reaped = (await store.submit(sampleRequest({ startBy: createdAt + 10 }))).record.id;
      advance(10);
      assert.deepEqual(await store.reap(), [reaped]);
      const late = (await store.submit(sampleRequest({ startBy: createdAt + 10 }))).record.id;
      assert.equal(await store.claim("r", ["cpu"], 1000), undefined);
      for (const id of [reaped, late]) assert.equal((await store.get(id))?.error?.code, "request_timeout");
      assert.equal(await store.succeed(claim, result()), true);
    });

    it("expires finished requests with logs and files, and files by themselves, but nothing open", async () => {
      const { store, advance } = await fresh();
      const request = sampleRequest({ idempotencyKey: "k", webhook: null });
      const { id, createdAt } = (await store.submit(request)).record;
      const open = (await store.submit(sampleRequest({ lane: "gpu" }))).record.id;
      const needed = sampleFile({ requestId: open, expiresAt: createdAt + 1 });
      const upload = sampleFile({ expiresAt: createdAt + 1 });
      const kept = sampleFile();
      for (const file of [needed, upload, kept]) await store.files.insert(file);
      const claim = await mustClaim(store);
      await store.appendLogs(claim, [{ at: 0, level: "INFO", message: "x" }]);
      const output = sampleFile({ requestId: id });
      await store.succeed(claim, result([output]));
      advance(1);
      assert.deepEqual(await store.expire(10), [upload.id]);
      advance(60_000);
      assert.deepEqual(await store.expire(10), [output.id]);
      assert.deepEqual([await store.get(id), await store.logs(id)], [undefined, []]);
      assert.ok(await store.get(open));
      const ids = [needed.id, upload.id, kept.id, output.id];
      assert.deepEqual([...(await store.files.existing(ids))].sort(), [needed.id, kept.id].sort());
      assert.equal((await store.submit(request)).created, true, "its idempotency key is free again");
      await store.cancel(open);
      assert.deepEqual(await store.expire(10), [needed.id]);
    });

    it("expires no more than asked at a time", async () => {
      const { store, advance } = await fresh();
      const request = () => sampleRequest({ webhook: null });
      for (let i = 0; i < 5; i++) await store.cancel((await store.submit(request())).record.id);
      advance(60_000);
      await store.expire(3);
      assert.equal((await store.list("a1", { limit: 10 })).length, 2);
    });

    it("keeps files' metadata", async () => {
      const { store } = await fresh();
      const pending = sampleFile({ state: "pending", size: 0, sha256: "" });
      await store.files.insert(pending);
      await assert.rejects(store.files.insert(pending), isCode("bad_request"));
      const facts = { size: 9, sha256: "ff", contentType: "video/webm" };
      assert.equal(await store.files.markReady(pending.id, facts), true);
      assert.equal(await store.files.markReady(pending.id, facts), false);
      assert.deepEqual(await store.files.get(pending.id), { ...pending, ...facts, state: "ready" });
      assert.equal(await store.files.delete(pending.id), true);
      assert.equal(await store.files.delete(pending.id), false);
      assert.deepEqual(await store.files.existing([pending.id]), new Set());
    });

    it("knows keys by their secrets, until they are revoked or replaced", async () => {
      const test = await fresh();
      const { accounts } = test.store;
      const account = await accounts.ensureAccount("a2", "Two");
      assert.deepEqual(await accounts.ensureAccount("a2", "Other"), account);
      const key = { id: "k1", accountId: "a2", scope: "ADMIN", concurrency: 2, budget: 1.5 } as const;
      const stored = await accounts.putKey(key, "secret ü");
      const unsaid = { name: "k1", source: "configured" } as const;
      assert.deepEqual(stored, { ...key, ...unsaid, createdAt: stored.createdAt, revokedAt: null });
      assert.deepEqual(await accounts.verifyKey("k1", "secret ü"), stored);
      for (const [id, secret] of [
        ["k1", "secret"],
        ["k1", ""],
        ["k2", "secret ü"],
        ["' OR 1=1 --", "secret ü"],
      ] as const) {
        assert.equal(await accounts.verifyKey(id, secret), undefined);
      }
      const replaced = await accounts.putKey({ ...key, budget: null }, "new");
      assert.equal(await accounts.verifyKey("k1", "secret ü"), undefined);
      const reopened = (await test.reopen()).accounts;
      assert.deepEqual(await reopened.listKeys("a2"), [replaced]);
      assert.equal(await reopened.revokeKey("k1"), true);
      assert.equal(await reopened.revokeKey("k1"), false);
      assert.equal(await reopened.verifyKey("k1", "new"), undefined);
      await assert.rejects(reopened.putKey({ ...key, id: "k3", accountId: "nobody" }, "s"), isCode("bad_request"));
    });

    it("remembers where a key comes from, and changes what may change of it", async () => {
      const test = await fresh();
      const { accounts } = test.store;
      const key = { id: "k1", accountId: "a1", scope: "API", concurrency: null, budget: 2 } as const;
      const made = await accounts.putKey({ ...key, name: "Ünser <b>", source: "created" }, "s");
      assert.deepEqual([made.name, made.source], ["Ünser <b>", "created"]);
      const changed = await accounts.changeKey("k1", { budget: null, concurrency: 3 });
      assert.deepEqual(changed, { ...made, budget: null, concurrency: 3 });
      await accounts.changeKey("k1", { name: "other" });
      const reopened = (await test.reopen()).accounts;
      assert.deepEqual(await reopened.verifyKey("k1", "s"), { ...changed, name: "other" });
      assert.equal(await reopened.changeKey("absent", { name: "x" }), undefined);
      await reopened.revokeKey("k1");
      assert.equal(await reopened.changeKey("k1", { name: "x" }), undefined);
      // Configured once more under the same id, it is a configured key from then on.
      const configured = await reopened.putKey(key, "t");
      assert.deepEqual([configured.name, configured.source, configured.revokedAt], ["k1", "configured", null]);
    });

    it("sums what was used by period and endpoint", async () => {
      const { store, advance } = await fresh();
      const { createdAt: start } = (await store.submit(sampleRequest())).record;
      await store.succeed(await mustClaim(store), { ...result(), price: 0.5, charge: 0.25 });
      for (const endpoint of ["e", "f"]) {
        advance(10);
        await store.submit(sampleRequest({ endpoint }));
        await store.succeed(await mustClaim(store), { ...result(), price: 0.1 });
      }
      await store.cancel((await store.submit(sampleRequest({ endpoint: "f" }))).record.id);
      const points = await store.usage.series("a1", [
        { since: 0, until: start },
        { since: start, until: start + 10 },
        { since: start + 10, until: start + 21 },
      ]);
      const point = { period: 2, succeeded: 1, failed: 0, computeSeconds: 1.5, price: 0.1, charge: 0 };
      assert.deepEqual(points, [
        { ...point, period: 1, endpoint: sampleRequest().endpoint, price: 0.5, charge: 0.25 },
        { ...point, endpoint: "e" },
        { ...point, endpoint: "f", failed: 1 },
      ]);
      assert.deepEqual(await store.usage.series("a2", [{ since: 0, until: start + 100 }]), []);
      assert.deepEqual(await store.usage.series("a1", []), []);
    });

    it("keeps what open requests may come to of a key's budget, however many come at once", async () => {
      const { store } = await fresh();
      await store.accounts.putKey({ id: "k", accountId: "a1", scope: "API", concurrency: null, budget: 1 }, "s");
      const limit = { budget: { dollars: 1, price: 0.3 } };
      const request = (differences: Partial<NewRequest> = {}) => sampleRequest({ keyId: "k", ...differences });
      const answers = await Promise.allSettled(Array.from({ length: 8 }, () => store.submit(request(), limit)));
      assert.equal(answers.filter(({ status }) => status === "fulfilled").length, 3);
      const refused = answers.find((answer) => answer.status === "rejected");
      assert.ok(isCode("budget_exhausted")(refused?.reason));
      const reserved = async () => Math.round((await store.usage.reserved("k")) * 1e6) / 1e6;
      assert.equal(await reserved(), 0.9);
      assert.equal(await store.usage.reserved("nobody"), 0);

      // Another key's requests, and those without a budget, are not held to it.
      await store.submit(request());
      const first = await mustClaim(store);
      assert.equal(await reserved(), 0.9);
      assert.ok(await store.succeed(first, { ...result(), price: 0.3, charge: 0.3 }));
      assert.equal(await reserved(), 0.6);
      await assert.rejects(store.submit(request(), limit), isCode("budget_exhausted"));
      // What ended without a charge gives its share back.
      assert.equal(await store.fail(await mustClaim(store), FINAL, DONE), "failed");
      assert.equal(await reserved(), 0.3);
      const { record } = await store.submit(request({ idempotencyKey: "again" }), limit);
      assert.equal(await reserved(), 0.6);
      const repeated = await store.submit(request({ idempotencyKey: "again" }), limit);
      assert.deepEqual([repeated.created, repeated.record.id], [false, record.id]);
      await assert.rejects(store.submit(request(), limit), isCode("budget_exhausted"));
    });

    it("keeps a key within the number of requests it may run at once", async () => {
      const { store } = await fresh();
      await store.accounts.putKey({ id: "k", accountId: "a1", scope: "API", concurrency: 1, budget: null }, "s");
      for (const id of ["1", "2"]) await store.submit(sampleRequest({ id, keyId: "k" }));
      await store.submit(sampleRequest({ id: "3" }));
      const first = await mustClaim(store);
      assert.equal((await mustClaim(store)).request.id, "3");
      assert.equal(await store.claim("r", ["cpu"], 1000), undefined);
      await store.succeed(first, result());
      assert.equal((await mustClaim(store)).request.id, "2");
    });

    it("finishes what was asked before it closes, and refuses the rest clearly", async () => {
      const test = await fresh();
      const request = sampleRequest();
      const [submitted] = await Promise.all([test.store.submit(request), test.store.close()]);
      assert.equal(submitted.created, true);
      await assert.rejects(test.store.submit(sampleRequest()), isCode("unavailable"));
      await assert.rejects(test.store.get(request.id), isCode("unavailable"));
      await test.store.close();
      assert.ok(await (await test.reopen()).get(request.id));
    });
  });
}
