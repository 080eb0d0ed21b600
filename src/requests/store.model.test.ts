/** Random interleavings of everything that can happen to requests, against a model of a few lines. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, it } from "node:test";
import fc from "fast-check";
import type { SerializedError } from "../errors.ts";
import { openSqliteStore } from "./sqlite.ts";
import { sampleRequest } from "./store.conformance.ts";
import type { Claim, RequestStatus, RequestStore } from "./store.ts";

const LEASE = 100;
const TERMINAL: readonly RequestStatus[] = ["succeeded", "failed", "cancelled"];
const METRICS = { inferenceSeconds: 1 };
const error = (code: "internal_server_error" | "value_error"): SerializedError => ({ code, message: "", issues: [] });

type Model = { status: RequestStatus; lease: string | null; cancel: boolean; attempt: number; leaseUntil: number };

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("submit" as const), attempts: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("claim" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("cancel" as const), pick: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("advance" as const), ms: fc.integer({ min: 1, max: 150 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("reap" as const), all: fc.boolean() }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom("heartbeat", "succeed", "fail", "failFinally", "release", "confirm", "log"),
      pick: fc.nat(),
    }),
  },
);

let folder: string;
let store: RequestStore;
let time = 0;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "reshoot-model-"));
  store = await openSqliteStore(join(folder, "model.db"), { now: () => time, retryBaseMs: 0 });
  await store.accounts.ensureAccount("a1", "One");
});
after(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

it("ends each request once, whatever the order, and lets no stale claim write", { timeout: 60_000 }, async () => {
  let lane = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      await runSteps(steps, `lane${++lane}`);
    }),
    { numRuns: 200 },
  );
});

async function runSteps(steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[], lane: string) {
  // Other runs' requests must not be touched by reap.
  await store.reclaimAll();
  const models = new Map<string, Model>();
  const most = new Map<string, number>();
  const claims: Claim[] = [];
  const at = <T>(items: readonly T[], pick: number): T | undefined => items[pick % Math.max(1, items.length)];
  const lapse = (model: Model, id: string) => {
    model.lease = null;
    model.status = model.cancel ? "cancelled" : model.attempt < most.get(id)! ? "queued" : "failed";
  };

  for (const action of steps) {
    const finishedBefore = new Map<string, unknown>();
    for (const [id, model] of models) {
      if (TERMINAL.includes(model.status)) finishedBefore.set(id, await store.get(id));
    }
    if (action.do === "submit") {
      const { id } = (await store.submit(sampleRequest({ lane, maxAttempts: action.attempts }))).record;
      models.set(id, { status: "queued", lease: null, cancel: false, attempt: 0, leaseUntil: 0 });
      most.set(id, action.attempts);
    } else if (action.do === "claim") {
      const oldest = [...models].find(([, model]) => model.status === "queued");
      const claim = await store.claim("r", [lane], LEASE);
      assert.equal(claim?.request.id, oldest?.[0]);
      if (claim && oldest) {
        claims.push(claim);
        const { attempt } = oldest[1];
        Object.assign(oldest[1], {
          status: "running",
          lease: claim.lease,
          attempt: attempt + 1,
          leaseUntil: time + LEASE,
        });
      }
    } else if (action.do === "cancel") {
      const target = at([...models], action.pick);
      if (!target) continue;
      const [id, model] = target;
      const expected = { queued: "cancelled", running: "requested" }[model.status as string] ?? "already_finished";
      assert.equal(await store.cancel(id), expected);
      if (expected !== "already_finished") model.cancel = true;
      if (expected === "cancelled") model.status = "cancelled";
    } else if (action.do === "advance") {
      time += action.ms;
    } else if (action.do === "reap") {
      const gone = [...models].filter(
        ([, model]) => model.status === "running" && (action.all || model.leaseUntil <= time),
      );
      assert.deepEqual((await (action.all ? store.reclaimAll() : store.reap())).sort(), gone.map(([id]) => id).sort());
      for (const [id, model] of gone) lapse(model, id);
    } else {
      const claim = at(claims, action.pick);
      if (!claim) continue;
      const { id } = claim.request;
      await useClaim(action.do, claim, models.get(id)!, most.get(id)!);
    }
    for (const [id, model] of models) {
      const record = (await store.get(id))!;
      assert.equal(record.status, model.status);
      assert.equal(record.attempt, model.attempt);
      assert.equal(record.cancelRequested, model.cancel);
      assert.equal(record.finishedAt !== null, TERMINAL.includes(model.status));
      const webhook = await store.webhooks.get(id);
      assert.equal(webhook?.delivery.state, TERMINAL.includes(model.status) ? "pending" : undefined);
      if (finishedBefore.has(id)) assert.deepEqual(record, finishedBefore.get(id), "a finished request changed");
    }
  }
}

/** Does one thing in the name of a claim, stale or not, to the store and to the model. */
async function useClaim(action: string, claim: Claim, model: Model, maxAttempts: number): Promise<void> {
  const held = model.lease === claim.lease;
  const end = (status: RequestStatus) => {
    if (held) Object.assign(model, { status, lease: null });
  };
  switch (action) {
    case "heartbeat":
      assert.equal(await store.heartbeat(claim, LEASE), held ? (model.cancel ? "cancel" : "held") : "lost");
      if (held) model.leaseUntil = time + LEASE;
      break;
    case "succeed": {
      const result = { output: {}, files: [], metrics: METRICS, billableUnits: 1 };
      assert.equal(await store.succeed(claim, result), held);
      end("succeeded");
      break;
    }
    case "fail":
    case "failFinally": {
      const again = action === "fail" && model.attempt < maxAttempts && !model.cancel;
      const code = action === "fail" ? "internal_server_error" : "value_error";
      const outcome = held ? (again ? "requeued" : "failed") : "lost";
      assert.equal(await store.fail(claim, error(code), METRICS), outcome);
      end(again ? "queued" : model.cancel ? "cancelled" : "failed");
      break;
    }
    case "release":
      assert.equal(await store.release(claim), held);
      if (held && !model.cancel) model.attempt--;
      end(model.cancel ? "cancelled" : "queued");
      break;
    case "confirm":
      assert.equal(await store.confirmCancelled(claim, METRICS), held && model.cancel);
      if (model.cancel) end("cancelled");
      break;
    default: {
      const before = (await store.logs(claim.request.id)).length;
      assert.equal(await store.appendLogs(claim, [{ at: time, level: "INFO", message: "x" }]), held);
      assert.equal((await store.logs(claim.request.id)).length, before + (held ? 1 : 0));
    }
  }
}
