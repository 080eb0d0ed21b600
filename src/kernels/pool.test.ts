import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ReshootError } from "../errors.ts";
import { createMemory } from "./kernels.ts";
import { LocalPool } from "./local-pool.ts";
import { jobs } from "./pool.test.jobs.ts";
import { WorkerPool } from "./pool.ts";

function pool(threads: number, timeout?: number): { pool: WorkerPool; memory: WebAssembly.Memory } {
  const memory = createMemory(1);
  const scratch = Array.from({ length: threads }, (_, i) => ({ start: 1024 * (i + 1), end: 1024 * (i + 2) }));
  const jobs = new URL("./pool.test.jobs.js", import.meta.url);
  return { memory, pool: new WorkerPool({ threads, memory, jobs, scratch, ...(timeout ? { timeout } : {}) }) };
}

describe("WorkerPool", () => {
  it("answers every job, more of them than threads, over one memory", async () => {
    const { pool: own, memory } = pool(2);
    const sums = await Promise.all(Array.from({ length: 9 }, (_, i) => own.run<number>("add", [i, 1])));
    assert.deepEqual(sums, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const at = await own.run<number>("write", 77);
    assert.equal(new Uint8Array(memory.buffer)[at], 77);
    await own.close();
  });

  it("passes failures on and carries on", async () => {
    const { pool: own } = pool(1);
    await assert.rejects(own.run("fail", null), /as asked/);
    await assert.rejects(own.run("nothing", null), /no job nothing/);
    assert.equal(await own.run("add", [1, 1]), 2);
    await own.close();
  });

  it("ends a job that hangs and everything behind it", async () => {
    const { pool: own } = pool(1, 150);
    const behind = own.run("hang", null);
    const waiting = own.run("add", [1, 1]);
    const timeout = (error: unknown) => error instanceof ReshootError && error.code === "generation_timeout";
    await Promise.all([assert.rejects(behind, timeout), assert.rejects(waiting, timeout)]);
    await assert.rejects(own.run("add", [1, 1]), timeout);
    await own.close();
  });

  it("rejects jobs under way when closed", async () => {
    const { pool: own } = pool(1);
    const job = own.run("hang", null);
    await Promise.all([assert.rejects(job, /stop here/), own.close(new Error("stop here"))]);
  });
});

describe("LocalPool", () => {
  it("answers jobs, passes failures on, and refuses jobs once closed", async () => {
    const memory = createMemory(1);
    const own = new LocalPool({ memory, jobs, scratch: { start: 1024, end: 2048 } });
    assert.equal(await own.run("add", [1, 1]), 2);
    await assert.rejects(own.run("fail", null), /as asked/);
    await assert.rejects(own.run("nothing", null), /no job nothing/);
    assert.equal(await own.run("write", 78), 1024);
    assert.equal(new Uint8Array(memory.buffer)[1024], 78);
    await own.close(new Error("stop here"));
    await assert.rejects(own.run("add", [1, 1]), /stop here/);
  });
});
