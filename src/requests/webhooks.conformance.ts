/** What every implementation of the delivery queue must do: the part of the store's suite that is about webhooks. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { isCode, sampleRequest, type TestStore } from "./store.conformance.ts";
import type { NewRequest, RequestStore, WebhookClaim, WebhookRoom } from "./store.ts";

const ROOM: WebhookRoom = { limit: 10, retries: 10, perHost: 10 };
const METRICS = { inferenceSeconds: 0 };
const RESULT = { output: {}, files: [], metrics: METRICS, billableUnits: 0 };
const BROKEN = { code: "internal_server_error", message: "it broke", issues: [] } as const;
const REFUSED = { durationMs: 12.4, status: 500, error: "no" } as const;

/** Runs the suite over stores that `open` makes. */
export function describeWebhooks(name: string, open: () => Promise<TestStore>): void {
  const opened: TestStore[] = [];
  const fresh = async () => {
    const test = await open();
    opened.push(test);
    return test;
  };
  const end = async (store: RequestStore, differences: Partial<NewRequest> = {}): Promise<string> => {
    const { id } = (await store.submit(sampleRequest(differences))).record;
    assert.equal(await store.cancel(id), "cancelled");
    return id;
  };
  const claimAll = (store: RequestStore, room: Partial<WebhookRoom> = {}, leaseMs = 1000) =>
    store.webhooks.claimDue("deliverer", leaseMs, { ...ROOM, ...room });
  const idsOf = (claims: readonly WebhookClaim[]) => claims.map(({ delivery }) => delivery.requestId);
  const claimOne = async (store: RequestStore): Promise<WebhookClaim> => {
    const [claim, ...more] = await claimAll(store);
    assert.ok(claim && more.length === 0, "exactly one delivery should have been due");
    return claim;
  };

  describe(`${name} as a queue of webhooks`, () => {
    after(async () => {
      for (const test of opened) await test.dispose();
    });

    it("has a delivery for each request that ended with a webhook, however it ended, and for no other", async () => {
      const { store, advance } = await fresh();
      const submit = async (id: string, differences: Partial<NewRequest> = {}) =>
        (await store.submit(sampleRequest({ id, ...differences }))).record;
      const claim = async () => (await store.claim("r", ["cpu"], 1000))!;
      await submit("succeeded");
      await store.succeed(await claim(), RESULT);
      await submit("failed");
      await store.fail(await claim(), { ...BROKEN, code: "value_error" }, METRICS);
      await submit("tired", { maxAttempts: 1 });
      await store.fail(await claim(), BROKEN, METRICS);
      await submit("cancelled while queued");
      await store.cancel("cancelled while queued");
      for (const id of ["confirmed", "cancelled, then failed", "cancelled, then released", "cancelled, then lost"]) {
        await submit(id);
        const held = await claim();
        await store.cancel(id);
        assert.equal(await store.webhooks.get(id), undefined);
        if (id === "confirmed") await store.confirmCancelled(held, METRICS);
        if (id.endsWith("failed")) await store.fail(held, BROKEN, METRICS);
        if (id.endsWith("released")) await store.release(held);
      }
      await submit("lost", { maxAttempts: 1 });
      await claim();
      const { createdAt } = await submit("late", { startBy: 0 });
      await submit("no webhook", { webhook: null });
      await store.cancel("no webhook");
      advance(1000);
      await store.reap();
      await submit("late at claim", { startBy: createdAt });
      await submit("again");
      const again = await claim();
      await store.fail(again, BROKEN, METRICS);
      await submit("open", { startBy: null, lane: "gpu" });

      const ended = (await store.list("a1", { limit: 99 })).filter(({ finishedAt }) => finishedAt !== null);
      assert.equal(ended.length, 12);
      for (const { id, webhook, finishedAt } of ended) {
        const found = await store.webhooks.get(id);
        if (webhook === null) assert.equal(found, undefined);
        else {
          assert.deepEqual(found, {
            delivery: {
              requestId: id,
              url: webhook,
              state: "pending",
              attempts: 0,
              createdAt: finishedAt,
              nextAttemptAt: finishedAt,
              lastStatus: null,
              lastError: null,
            },
            attempts: [],
          });
        }
      }
      for (const id of ["again", "open", "absent"]) assert.equal(await store.webhooks.get(id), undefined, id);
      assert.equal((await claimAll(store, { limit: 99, perHost: 99 })).length, ended.length - 1);
    });

    it("hands each delivery to one claim, counts attempts, and logs them", async () => {
      const test = await fresh();
      const { store, advance } = test;
      const id = await end(store);
      const first = await claimOne(store);
      assert.deepEqual([first.delivery.requestId, first.delivery.attempts], [id, 1]);
      assert.deepEqual(await claimAll(store), []);
      const { createdAt } = first.delivery;
      assert.equal(
        await store.webhooks.recordAttempt(first, { at: createdAt, ...REFUSED }, { retryAfterMs: 500 }),
        true,
      );
      assert.equal(await store.webhooks.recordAttempt(first, { at: createdAt, ...REFUSED }, "failed"), false);
      advance(499);
      assert.deepEqual(await claimAll(store), []);
      advance(1);
      const second = await claimOne(store);
      assert.deepEqual(
        [second.delivery.attempts, second.delivery.lastStatus, second.delivery.lastError],
        [2, 500, "no"],
      );
      const long = `\0${"x".repeat(2000)}`;
      const at = createdAt + 500;
      await store.webhooks.recordAttempt(second, { at, durationMs: 1, status: null, error: long }, { retryAfterMs: 0 });
      const third = await claimOne(store);
      await store.webhooks.recordAttempt(third, { at, durationMs: 2, status: 204, error: null }, "delivered");
      const { delivery, attempts } = (await (await test.reopen()).webhooks.get(id))!;
      assert.deepEqual([delivery.state, delivery.attempts, delivery.nextAttemptAt], ["delivered", 3, null]);
      assert.deepEqual([delivery.lastStatus, delivery.lastError], [204, null]);
      assert.deepEqual(attempts, [
        { attempt: 1, at: createdAt, durationMs: 12, status: 500, error: "no" },
        { attempt: 2, at, durationMs: 1, status: null, error: `\ufffd${"x".repeat(499)}` },
        { attempt: 3, at, durationMs: 2, status: 204, error: null },
      ]);
    });

    it("lets nothing leave an ended delivery", async () => {
      const { store, advance } = await fresh();
      const id = await end(store);
      const claim = await claimOne(store);
      await store.webhooks.recordAttempt(claim, { at: 1, ...REFUSED }, "failed");
      assert.equal(await store.webhooks.release(claim), false);
      advance(1e9);
      assert.deepEqual(await claimAll(store), []);
      assert.equal((await store.webhooks.get(id))?.delivery.state, "failed");
    });

    it("hands a delivery out again when its lease has run out, and lets the late claim write nothing", async () => {
      const { store, advance } = await fresh();
      const id = await end(store);
      const stale = await claimOne(store);
      advance(999);
      assert.deepEqual(await claimAll(store), []);
      advance(1);
      const next = await claimOne(store);
      assert.equal(next.delivery.attempts, 2);
      assert.equal(await store.webhooks.recordAttempt(stale, { at: 1, ...REFUSED }, "delivered"), false);
      assert.equal(await store.webhooks.release(stale), false);
      assert.equal(await store.webhooks.recordAttempt(next, { at: 1, ...REFUSED }, "failed"), true);
      assert.deepEqual(
        (await store.webhooks.get(id))?.attempts.map(({ attempt }) => attempt),
        [2],
      );
    });

    it("takes everything back at start-up, and a released delivery without its attempt", async () => {
      const test = await fresh();
      await end(test.store);
      await claimAll(test.store, {}, 1e9);
      const store = await test.reopen();
      assert.deepEqual(await claimAll(store), []);
      assert.equal(await store.webhooks.reclaimAll(), 1);
      assert.equal(await store.webhooks.reclaimAll(), 0);
      const claim = await claimOne(store);
      assert.equal(claim.delivery.attempts, 2);
      assert.equal(await store.webhooks.release(claim), true);
      assert.equal((await claimOne(store)).delivery.attempts, 2);
    });

    it("gives out no more than there is room for: in all, per host and port, and of those tried before", async () => {
      const { store, advance } = await fresh();
      const to = (url: string) => {
        advance(1);
        return end(store, { webhook: url });
      };
      const a = [await to("https://a.example/1"), await to("https://A.example:443/2"), await to("https://a.example/3")];
      const b = [await to("https://a.example:8443/1"), await to("http://b.example/1")];
      const first = await claimAll(store, { perHost: 2 });
      assert.deepEqual(idsOf(first), [a[0], a[1], ...b]);
      assert.deepEqual(await claimAll(store, { perHost: 2 }), []);
      for (const claim of first) await store.webhooks.recordAttempt(claim, { at: 1, ...REFUSED }, { retryAfterMs: 1 });
      advance(1);
      assert.deepEqual(idsOf(await claimAll(store, { retries: 0 })), [a[2]]);
      assert.equal((await claimAll(store, { retries: 1 })).length, 1);
      assert.equal((await claimAll(store, { limit: 2 })).length, 2);
      assert.equal((await claimAll(store, { limit: 0 })).length, 0);
      assert.equal((await claimAll(store)).length, 1);
    });

    it("lets no pause and no lease outlive a clock that is set back", async () => {
      const { store, advance } = await fresh();
      await end(store);
      await claimOne(store);
      advance(-24 * 3600_000);
      const claim = await claimOne(store);
      await store.webhooks.recordAttempt(claim, { at: 1, ...REFUSED }, { retryAfterMs: Number.MAX_SAFE_INTEGER });
      advance(2 * 3600_000 - 1);
      assert.deepEqual(await claimAll(store), []);
      advance(-24 * 3600_000);
      await claimOne(store);
    });

    it("keeps an expired request until its webhook is settled, then nothing of either", async () => {
      const { store, advance } = await fresh();
      const id = await end(store, { keepForMs: 0 });
      const other = await end(store, { keepForMs: 0, webhook: null });
      const claim = await claimOne(store);
      advance(1);
      await store.expire(10);
      assert.deepEqual([(await store.get(id))?.id, await store.get(other)], [id, undefined]);
      await store.webhooks.recordAttempt(claim, { at: 1, durationMs: 1, status: 200, error: null }, "delivered");
      await store.expire(10);
      assert.deepEqual([await store.get(id), await store.webhooks.get(id)], [undefined, undefined]);
      assert.equal(await store.webhooks.recordAttempt(claim, { at: 1, ...REFUSED }, "failed"), false);
    });

    it("refuses clearly when it is closed", async () => {
      const { store } = await fresh();
      await store.close();
      await assert.rejects(claimAll(store), isCode("unavailable"));
      await assert.rejects(store.webhooks.get("x"), isCode("unavailable"));
    });
  });
}
