import assert from "node:assert/strict";
import { test } from "node:test";
import { RequestEvents } from "./events.ts";
import { type Wake, wakes } from "./wait.ts";

test("wakes at once, on events of its request, and on the clock", async () => {
  const events = new RequestEvents();
  const abort = new AbortController();
  const source = wakes(events, "a", abort.signal, 30);
  const next = async (): Promise<Wake> => (await source.next()).value as Wake;
  assert.deepEqual(await next(), { look: true });
  const woken = next();
  events.publish({ type: "changed", id: "b" });
  events.publish({ type: "progress", id: "a", fraction: 0.5, stage: "s" });
  assert.deepEqual(await woken, { look: false, progress: { fraction: 0.5, stage: "s" } });
  assert.deepEqual(await next(), { look: true });
  abort.abort();
  assert.equal((await source.next()).done, true);
});

test("events that come while nobody waits are merged, not lost", async () => {
  const events = new RequestEvents();
  const source = wakes(events, "a", new AbortController().signal, 60_000);
  await source.next();
  for (let i = 1; i <= 100; i++) events.publish({ type: "progress", id: "a", fraction: i / 100, stage: "s" });
  events.publish({ type: "logs", id: "a" });
  assert.deepEqual((await source.next()).value, { look: true, progress: { fraction: 1, stage: "s" } });
  await source.return();
});

test("an abort ends a wait, and the subscription with it", async () => {
  const events = new RequestEvents();
  let subscribed = 0;
  const subscribeTo = events.subscribeTo.bind(events);
  events.subscribeTo = (id, listener) => {
    subscribed++;
    const unsubscribe = subscribeTo(id, listener);
    return () => {
      subscribed--;
      unsubscribe();
    };
  };
  const abort = new AbortController();
  const source = wakes(events, "a", abort.signal, 60_000);
  await source.next();
  const waiting = source.next();
  assert.equal(subscribed, 1);
  abort.abort();
  assert.equal((await waiting).done, true);
  assert.equal(subscribed, 0);
});
