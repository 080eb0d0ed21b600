import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { ReshootError } from "../errors.ts";
import { residentBytes } from "./watchdog.ts";
import { createCoalescer } from "./worker-host.ts";
import { createWorkerPool, type MediaWorker, type WorkerPool } from "./worker-pool.ts";

const ENTRY = new URL("./fixture.test.worker.js", import.meta.url);
const ROOT = mkdtempSync(join(tmpdir(), "media-pool-"));
const pools: WorkerPool[] = [];
after(async () => {
  await Promise.all(pools.map((pool) => pool.stop()));
  rmSync(ROOT, { recursive: true, force: true });
});

async function startPool(
  name: string,
  options: { size?: number; workerBytes?: number; jobSeconds?: number; sandbox?: "auto" | "never" } = {},
): Promise<{ pool: WorkerPool; folder: string; said: string[] }> {
  const folder = join(ROOT, name);
  const said: string[] = [];
  const say = (message: string): void => void said.push(message);
  const pool = createWorkerPool({
    entry: ENTRY,
    size: options.size ?? 1,
    folder,
    limits: { workerBytes: options.workerBytes ?? 1 << 30, jobSeconds: options.jobSeconds ?? 60 },
    sandbox: options.sandbox ?? "auto",
    log: { info: say, warn: say },
  });
  pools.push(pool);
  await pool.start();
  return { pool, folder, said };
}

const trial = await startPool("trial");
await trial.pool.stop();
const withoutBubblewrap = trial.said[0] ?? false;

const never = new AbortController().signal;
const run = <T>(worker: MediaWorker, task: string, args?: unknown, signal = never): Promise<T> =>
  worker.run<T>(task, args, { signal, onProgress: () => {}, onLog: () => {} });

for (const sandbox of ["auto", "never"] as const) {
  const skip = sandbox === "auto" && withoutBubblewrap ? withoutBubblewrap : false;
  describe(`a worker ${sandbox === "auto" ? "in" : "without"} the sandbox`, { skip }, () => {
    test("does tasks one after another, keeps values, and is cleared between users", async () => {
      const { pool, folder, said } = await startPool(`use-${sandbox}`, { sandbox });
      const first = await pool.acquire(never);
      writeFileSync(join(first.inFolder, "input"), "x");
      const value = { big: 12n, bytes: new Uint8Array([1, 2]), list: [undefined, Number.NaN] };
      assert.deepEqual(await run(first, "echo", value), value);
      await run(first, "leave");
      assert.deepEqual(readdirSync(first.outFolder), ["left"]);
      await first.release();
      await first.release();
      const second = await pool.acquire(never);
      assert.equal(second.outFolder, first.outFolder, "the warm worker is used again");
      assert.deepEqual([...readdirSync(second.inFolder), ...readdirSync(second.outFolder)], []);
      await second.release();
      await pool.stop();
      assert.deepEqual(readdirSync(folder), []);
      assert.deepEqual(said, []);
    });

    test("sees neither keys nor settings, and works in its own folder", async () => {
      process.env.RESHOOT_KEYS = "id:secret";
      process.env.FAL_KEY = "secret";
      const { pool, folder } = await startPool(`env-${sandbox}`, { sandbox });
      const worker = await pool.acquire(never);
      const { names, folder: at } = await run<{ names: string[]; folder: string }>(worker, "environment");
      const allowed = ["NODE_CHANNEL_FD", "NODE_CHANNEL_SERIALIZATION_MODE", "PATH", "PWD", "TMPDIR", "WORKER_FOLDER"];
      assert.deepEqual(
        names.filter((name) => !allowed.includes(name)),
        [],
      );
      assert.equal(at, join(folder, `w-${process.pid}-0`));
      await pool.stop();
    });

    test("is replaced when it crashes, with a retryable error", async () => {
      const { pool } = await startPool(`crash-${sandbox}`, { sandbox });
      const worker = await pool.acquire(never);
      await assert.rejects(run(worker, "crash"), (error) => {
        assert.ok(error instanceof ReshootError);
        assert.deepEqual([error.code, error.retryable], ["internal_server_error", true]);
        return true;
      });
      await assert.rejects(run(worker, "echo"), { code: "internal_server_error" });
      await worker.release();
      const next = await pool.acquire(never);
      assert.equal(await run(next, "echo", 5), 5);
      await pool.stop();
    });

    test("is ended within two seconds of an abort, however busy, and leaves nothing", async () => {
      const { pool, folder } = await startPool(`abort-${sandbox}`, { sandbox });
      const worker = await pool.acquire(never);
      const { pid } = await run<{ pid: number }>(worker, "environment");
      const abort = new AbortController();
      const running = run(worker, "spin", undefined, abort.signal);
      await sleep(100);
      const begun = performance.now();
      const reason = new Error("stop");
      abort.abort(reason);
      await assert.rejects(running, (error) => error === reason);
      assert.ok(performance.now() - begun < 2000, `took ${performance.now() - begun} ms`);
      assert.ok(!existsSync(join(folder, `w-${process.pid}-0`)));
      // In its own process namespace the worker's id is not ours to look up.
      if (sandbox === "never") assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });
      await worker.release();
      await pool.stop();
      assert.deepEqual(childrenOf(process.pid), []);
    });

    test("is ended when it holds too much memory or takes too long", async () => {
      const { pool } = await startPool(`limits-${sandbox}`, { sandbox, workerBytes: 300 << 20, jobSeconds: 1.5 });
      const greedy = await pool.acquire(never);
      await assert.rejects(run(greedy, "grow"), (error) => {
        assert.ok(error instanceof ReshootError);
        assert.deepEqual([error.status, error.retryable], [422, false]);
        assert.match(error.message, /more memory than the 300 MB/);
        return true;
      });
      await greedy.release();
      const slow = await pool.acquire(never);
      await assert.rejects(run(slow, "spin"), { code: "generation_timeout", retryable: false });
      await slow.release();
      await pool.stop();
    });
  });
}

test("the sandbox has no network and lets only out/ be written", { skip: withoutBubblewrap }, async () => {
  const server = createServer((socket) => socket.end()).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  const { pool } = await startPool("reach");
  const reached = await run(await pool.acquire(never), "reach", port);
  assert.deepEqual(reached, { network: "ECONNREFUSED", writeIn: "EROFS", writeOut: "done", list: "ENOENT" });
  const { pool: open } = await startPool("reach-open", { sandbox: "never" });
  const unconfined = await run<{ network: string }>(await open.acquire(never), "reach", port);
  assert.equal(unconfined.network, "done", "the probe itself works");
  server.close();
});

test("errors cross the boundary whole, and defects without their text", async () => {
  const { pool, said } = await startPool("errors");
  const worker = await pool.acquire(never);
  await assert.rejects(run(worker, "refuse"), (error) => {
    assert.ok(error instanceof ReshootError);
    assert.deepEqual(error.issues, [
      { loc: ["body", "video_url"], msg: "No", type: "video_load_error", ctx: { a: 1 } },
    ]);
    return true;
  });
  await assert.rejects(run(worker, "defect"), { code: "internal_server_error", message: "Internal server error" });
  assert.match(said.join(), /a secret of the inside/);
  await assert.rejects(run(worker, "unheard-of"), { code: "internal_server_error" });
});

test("progress is thinned out, and its last report arrives before the result", async () => {
  const { pool } = await startPool("talk");
  const worker = await pool.acquire(never);
  const heard: string[] = [];
  await worker.run("talk", undefined, {
    signal: never,
    onProgress: (fraction, stage) => heard.push(`${fraction} ${stage}`),
    onLog: (level, message) => heard.push(`${level} ${message}`),
  });
  assert.deepEqual(heard, ["0 talking", "INFO said", "1 talking"]);
});

test("a coalescer keeps the first and the last", () => {
  const heard: number[] = [];
  const { update, flush } = createCoalescer((fraction) => heard.push(fraction));
  for (const fraction of [0.1, 0.2, 0.3]) update(fraction);
  flush();
  flush();
  assert.deepEqual(heard, [0.1, 0.3]);
});

test("a worker that cannot be started is nobody's fault: whoever waits for it may try again", async () => {
  const folder = join(ROOT, "unstartable");
  mkdirSync(folder);
  const entry = join(folder, "worker.cjs");
  const WORKER = 'process.send({ type: "ready" }); process.on("message", () => {});';
  writeFileSync(entry, WORKER);
  const limits = { workerBytes: 1 << 30, jobSeconds: 60 };
  const pool = createWorkerPool({ entry: pathToFileURL(entry), size: 1, folder, limits, sandbox: "never" });
  pools.push(pool);
  await pool.start();
  const held = await pool.acquire(never);
  writeFileSync(entry, "process.exit(1)");
  const refused = assert.rejects(pool.acquire(never), (error: unknown) => {
    return error instanceof ReshootError && error.code === "runner_scheduling_failure" && error.retryable;
  });
  const abort = new AbortController();
  const ended = run(held, "anything", undefined, abort.signal);
  abort.abort(new Error("enough"));
  await assert.rejects(ended, /enough/);
  await held.release();
  await refused;
  writeFileSync(entry, WORKER);
  await (await pool.acquire(never)).release();
});

test("waiting for a worker ends with the signal, and with the pool", async () => {
  const { pool } = await startPool("wait");
  const held = await pool.acquire(never);
  await assert.rejects(pool.acquire(AbortSignal.abort(new Error("gone"))), /gone/);
  const abort = new AbortController();
  const waiting = pool.acquire(abort.signal);
  abort.abort(new Error("enough"));
  await assert.rejects(waiting, /enough/);
  const next = pool.acquire(never);
  await held.release();
  await (await next).release();
  await pool.acquire(never);
  const last = assert.rejects(pool.acquire(never), { code: "unavailable" });
  await pool.stop();
  await last;
  await assert.rejects(pool.acquire(never), { code: "unavailable" });
});

for (const sandbox of ["auto", "never"]) {
  test(`a busy worker ends when its parent is killed (sandbox: ${sandbox})`, async () => {
    const folder = join(ROOT, `orphan-${sandbox}`);
    // A parent of its own, which is killed while its worker spins.
    const program = `
      const { createWorkerPool } = await import(${JSON.stringify(new URL("./worker-pool.js", import.meta.url).href)});
      const limits = { workerBytes: 2 ** 30, jobSeconds: 60 };
      const entry = new URL(${JSON.stringify(ENTRY.href)});
      const pool = createWorkerPool({ entry, size: 1, folder: ${JSON.stringify(folder)}, limits, sandbox: "${sandbox}" });
      await pool.start();
      const worker = await pool.acquire(new AbortController().signal);
      const options = { signal: new AbortController().signal, onProgress() {}, onLog() {} };
      worker.run("spin", undefined, options).catch(() => {});
      setTimeout(() => process.kill(process.pid, "SIGKILL"), 300);`;
    const parent = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: "ignore" });
    await once(parent, "exit");
    for (let waited = 0; waited < 3000 && processesUnder(folder).length > 0; waited += 100) await sleep(100);
    assert.deepEqual(processesUnder(folder), []);
  });
}

test("a worker that cannot start is told with its reason", async () => {
  const folder = join(ROOT, "broken");
  const entry = new URL("./frame.js", import.meta.url);
  const pool = createWorkerPool({ entry, size: 1, folder, limits: { workerBytes: 1 << 30, jobSeconds: 1 } });
  await assert.rejects(pool.start(), /ended with 0/);
  assert.deepEqual(readdirSync(folder), []);
});

test("memory is read of a whole process tree", { skip: process.platform !== "linux" && "needs /proc" }, () => {
  assert.ok(residentBytes(process.pid) >= 20 << 20);
  assert.equal(residentBytes(2 ** 22 + 1), 0);
});

/** Processes that work in a folder or in one below it. */
function processesUnder(folder: string): string[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc").filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/environ`, "utf8").includes(folder);
    } catch {
      return false;
    }
  });
}

/** Direct children that still exist, dead or alive. */
function childrenOf(pid: number): string[] {
  if (process.platform !== "linux") return [];
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
}
