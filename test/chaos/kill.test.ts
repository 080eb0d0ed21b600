/**
 * The server is killed at random moments, again and again, under load. RESHOOT_CHAOS_ROUNDS sets how often, and
 * RESHOOT_CHAOS_SEED repeats a run's choices (its moments depend on the machine).
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Receiver, startReceiver } from "../../src/requests/webhooks.receiver.ts";
import { auditOf } from "./audit.ts";
import { type Clips, makeClips } from "./clips.ts";
import { createLedger } from "./ledger.ts";
import {
  killProcess,
  launch,
  launchAndKill,
  processesOf,
  type ServerProcess,
  until,
  withoutProc,
} from "./processes.ts";
import { createRandom } from "./random.ts";
import { startTraffic } from "./traffic.ts";

const ROUNDS = Number(process.env.RESHOOT_CHAOS_ROUNDS ?? 6);
const SEED = Number(process.env.RESHOOT_CHAOS_SEED ?? Date.now() % 1_000_000);
const WORKERS = cpus().length;
const TERMINAL = ["succeeded", "failed", "cancelled"];

let folder: string;
let clips: Clips;
let hooks: Receiver;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "reshoot-kill-"));
  clips = await makeClips();
  // Slow enough to be caught between POST and answer, and now and then not in the mood.
  let count = 0;
  hooks = await startReceiver((response) => {
    count++;
    setTimeout(() => response.writeHead(count % 9 === 0 ? 503 : 200).end(), 15);
  });
});
after(async () => {
  processesOf(folder).forEach(killProcess);
  await hooks?.close();
  await rm(folder, { recursive: true, force: true });
});

test(`killed ${ROUNDS} times, the server keeps every promise (seed ${SEED})`, { skip: withoutProc }, async (t) => {
  const random = createRandom(SEED);
  const ledger = createLedger();
  const audit = auditOf(join(folder, "data"));
  /** How each request ended, as soon as that was seen. */
  const ended = new Map<string, string>();
  const kills = { server: 0, group: 0, start: 0, runner: 0, worker: 0 };
  /** Files that kills caught half done, counted now and then. */
  let caught = 0;
  // The very first start, which makes everything, is cut short too.
  for (let i = 0; i < 3; i++) {
    kills.start++;
    await launchAndKill(folder, random.between(200, 800));
  }
  let server: ServerProcess = await launch(folder);

  const observe = (): void => {
    for (const { id, status } of audit.requests()) {
      const before = ended.get(id);
      if (before !== undefined) assert.equal(status, before, `${id} ended twice`);
      else if (TERMINAL.includes(status)) ended.set(id, status);
    }
  };

  for (let round = 0; round < ROUNDS; round++) {
    const traffic = startTraffic({ origin: server.origin, ledger, clips, random, hooks: hooks.origin, maxSubmits: 10 });
    await sleep(random.between(10, 1500));
    const what = random.pick(["server", "server", "server", "group", "runner", "worker"] as const);
    const all = processesOf(folder);
    const victims = all.filter(({ kind }) => kind === what);
    kills[what]++;
    if (what === "server" || what === "group") {
      await server.kill(what);
      await traffic.stop();
      // Mostly at once: what is left of the old life must not disturb the new one.
      if (random.next() < 0.4) caught += audit.strays().length;
      if (random.next() < 0.3) {
        kills.start++;
        await launchAndKill(folder, random.between(20, 900));
      }
      server = await launch(folder);
      const old = new Set(all.map(({ pid }) => pid));
      await until(
        "the old life's processes are gone",
        () => !processesOf(folder).some(({ pid }) => old.has(pid)) || undefined,
        10_000,
      );
    } else {
      victims.forEach(killProcess);
      await sleep(random.between(0, 300));
      await traffic.stop();
      await until("the server is ready again", async () => (await fetch(`${server.origin}/health`)).ok || undefined);
    }
    observe();
    assert.deepEqual(audit.damage(), [], `after round ${round} (${what})`);
  }

  const last = startTraffic({ origin: server.origin, ledger, clips, random, hooks: hooks.origin, maxSubmits: 0 });
  await sleep(100);
  await last.stop();
  assert.deepEqual([...ledger.openSubmits], []);
  assert.deepEqual([...ledger.openUploads], []);
  await until(
    "every request has ended",
    () => audit.requests().every(({ status }) => TERMINAL.includes(status)) || undefined,
    120_000,
  ).catch((error) =>
    assert.fail(`${error}: ${JSON.stringify(audit.requests().filter(({ status }) => !TERMINAL.includes(status)))}`),
  );
  observe();

  const requests = new Map(audit.requests().map((request) => [request.id, request]));
  for (const id of ledger.submits.keys()) assert.ok(requests.has(id), `${id} was acknowledged and is gone`);
  for (const [id, said] of ledger.cancels) {
    const { status } = requests.get(id)!;
    if (said === "CANCELLATION_REQUESTED") assert.ok(["cancelled", "succeeded"].includes(status), `${id}: ${status}`);
  }
  const cancelled = [...requests.values()].filter(({ status }) => status === "cancelled");
  for (const { id } of cancelled)
    assert.ok(!ledger.submits.has(id) || ledger.askedCancels.has(id), `nobody cancelled ${id}`);
  const failed = [...requests.values()].filter(({ status }) => status === "failed");
  // A worker that dies may be the input's doing: that is not tried more than twice in all.
  assert.ok(failed.length <= WORKERS * kills.worker, JSON.stringify(failed));
  for (const { error, attempt } of failed) {
    assert.equal((JSON.parse(error!) as { code: string }).code, "internal_server_error");
    assert.ok(attempt >= 2, `given up after ${attempt} attempt`);
  }
  for (const [id, sha256] of ledger.uploads) assert.equal(audit.sha256Of(id), sha256, `upload ${id}`);
  const awaited = [...ledger.submits.values()].flatMap(({ hook }) => hook ?? []);
  await until(
    "every webhook has arrived",
    () => {
      const arrived = new Set(hooks.paths());
      return awaited.every((path) => arrived.has(path)) || undefined;
    },
    60_000,
  );

  // A clean end and a last start, which tidies up what the kills left.
  assert.equal(await server.stop(), 0);
  server = await launch(folder);
  await until("what the kills left is gone", () => audit.strays().length === 0 || undefined, 10_000).catch(() =>
    assert.deepEqual(audit.strays(), []),
  );
  assert.deepEqual(audit.damage(), []);
  assert.equal(await server.stop(), 0);
  assert.deepEqual(processesOf(folder), []);
  assert.deepEqual(ledger.violations, []);
  t.diagnostic(
    `${JSON.stringify(kills)}; ${ledger.submits.size} submits acknowledged, ${requests.size} requests: ` +
      `${requests.size - failed.length - cancelled.length} succeeded, ${failed.length} failed, ${cancelled.length} cancelled; ` +
      `${ledger.uploads.size} uploads; ${caught} things caught half done; ${hooks.received.length} webhooks for ${awaited.length}`,
  );
});
