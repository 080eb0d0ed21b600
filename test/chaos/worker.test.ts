/** Media workers and runners that die while the server goes on. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { auditOf } from "./audit.ts";
import { appOf, type Caller, createCaller, merge, removal } from "./caller.ts";
import { type Clips, makeClips } from "./clips.ts";
import { killProcess, launch, processesOf, type ServerProcess, until, withoutProc } from "./processes.ts";
import { MERGE, REMOVE } from "./traffic.ts";

describe("a server whose processes die", { skip: withoutProc }, () => {
  let folder: string;
  let server: ServerProcess;
  let caller: Caller;
  /** At work for a second or more. */
  let long: Clips;
  let short: Clips;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "reshoot-worker-"));
    short = await makeClips();
    long = await makeClips(90, 320, 180);
    server = await launch(folder);
    caller = createCaller(server.origin);
  });
  after(async () => {
    processesOf(folder).forEach(killProcess);
    await rm(folder, { recursive: true, force: true });
  });

  const killAll = (kind: "runner" | "worker"): void =>
    processesOf(folder)
      .filter((process) => process.kind === kind)
      .forEach(killProcess);
  const request = (id: string) =>
    auditOf(join(folder, "data"))
      .requests()
      .find((one) => one.id === id)!;
  /** Each attempt at a removal begins its logs with a line about the video, once a worker is at it. */
  const atWork = (id: string, attempt = 1) =>
    until(`${id} is at work`, async () => {
      const { body } = await caller.ask<{ logs?: { message: string }[] }>(
        "GET",
        `/queue/${REMOVE}/requests/${id}/status?logs=1`,
      );
      return (body.logs ?? []).filter(({ message }) => message.startsWith("Video:")).length >= attempt || undefined;
    });
  const completed = (endpoint: string, id: string) =>
    until(`${id} has ended`, async () => (await caller.status(endpoint, id)) === "COMPLETED" || undefined, 90_000);

  test("a worker that is killed costs its request one attempt", async () => {
    const id = await caller.submit(REMOVE, removal(long));
    await atWork(id);
    killAll("worker");
    await completed(REMOVE, id);
    const { status, attempt } = request(id);
    assert.deepEqual({ status, attempt }, { status: "succeeded", attempt: 2 });
  });

  test("a request that ends every worker it gets fails after two attempts and says why", async () => {
    const id = await caller.submit(REMOVE, removal(long));
    for (let attempt = 1; attempt <= 2; attempt++) {
      await atWork(id, attempt);
      killAll("worker");
      await until("its worker's end is noticed", () => request(id).status !== "running" || undefined);
    }
    assert.equal(request(id).attempt, 2);
    const { status, body } = await caller.ask<{ detail: { type: string; msg: string }[] }>(
      "GET",
      `/queue/${appOf(REMOVE)}/requests/${id}`,
    );
    assert.equal(status, 500);
    assert.equal(body.detail[0]!.type, "internal_server_error");
    assert.equal(body.detail[0]!.msg, "The media worker ended unexpectedly");
  });

  test("a runner that is killed comes back, and its work goes on", async () => {
    const id = await caller.submit(REMOVE, removal(long));
    await atWork(id);
    const old = processesOf(folder).filter(({ kind }) => kind !== "server");
    killAll("runner");
    // Taken in while nobody works.
    const waiting = await caller.submit(MERGE, merge(short));
    await completed(REMOVE, id);
    await completed(MERGE, waiting);
    assert.equal(request(id).status, "succeeded");
    assert.equal(request(waiting).status, "succeeded");
    assert.equal((await caller.ask("GET", "/health")).status, 200);
    const left = new Set(processesOf(folder).map(({ pid }) => pid));
    assert.ok(!old.some(({ pid }) => left.has(pid)), "the old runner's workers went with it");
  });

  test("more requests than workers wait for their turn; workers killed at rest cost nothing", async () => {
    killAll("worker");
    const ids = await Promise.all(
      Array.from({ length: cpus().length * 3 }, () => caller.submit(REMOVE, removal(short))),
    );
    const workers = (): number => processesOf(folder).filter(({ kind }) => kind === "worker").length;
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, workers())), 50);
    for (const id of ids) await completed(REMOVE, id);
    clearInterval(watch);
    for (const id of ids) assert.equal(request(id).status, "succeeded", JSON.stringify(request(id)));
    // In a sandbox each worker is three processes: bubblewrap, its init, and Node.
    assert.ok(most <= cpus().length * 3, `${most} processes`);
    assert.deepEqual(auditOf(join(folder, "data")).strays(), []);
    assert.equal(await server.stop(), 0);
    assert.deepEqual(processesOf(folder), []);
  });
});
