import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate } from "node:timers/promises";
import { ahead } from "./ahead.ts";

describe("ahead", () => {
  /** Numbers from 0 on; tells how many were taken and whether it was closed. */
  function numbers(count: number, failAt = Number.POSITIVE_INFINITY) {
    const told = { taken: 0, closed: false };
    async function* source() {
      try {
        for (let i = 0; i < count; i++) {
          await setImmediate();
          if (i === failAt) throw new Error("damaged");
          told.taken++;
          yield i;
        }
      } finally {
        told.closed = true;
      }
    }
    return { told, source: source() };
  }

  it("yields everything in order, and asks for no more beforehand than it may", async () => {
    const { told, source } = numbers(9);
    const seen: number[] = [];
    for await (const one of ahead(source, 3)) {
      for (let i = 0; i < 20; i++) await setImmediate();
      seen.push(one);
      assert.equal(told.taken, Math.min(9, one + 4));
    }
    assert.deepEqual(seen, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it("throws what the source throws after what came before, and closes it when nobody asks any more", async () => {
    const seen: number[] = [];
    const failing = async () => {
      for await (const one of ahead(numbers(9, 2).source, 4)) seen.push(one);
    };
    await assert.rejects(failing, /damaged/);
    assert.deepEqual(seen, [0, 1]);
    const { told, source } = numbers(9);
    for await (const one of ahead(source, 2)) if (one === 3) break;
    assert.ok(told.closed);
  });
});
