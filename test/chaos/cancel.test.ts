/**
 * Cancel against start, finish, failure, retry and loss of the lease, in whatever order: never the wrong job, exactly one end,
 * nothing left. Many interleavings over an engine of our own, some over the real server and its workers.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { createCatalog } from "../../src/endpoints/catalog.ts";
import type { Endpoint, EndpointContext } from "../../src/endpoints/endpoint.ts";
import type { Engine } from "../../src/engines/engine.ts";
import { ReshootError } from "../../src/errors.ts";
import { createDiskFileStore } from "../../src/files/disk.ts";
import { RequestEvents } from "../../src/requests/events.ts";
import { openSqliteStore } from "../../src/requests/sqlite.ts";
import type { CancelOutcome, RequestStatus } from "../../src/requests/store.ts";
import { createRouter } from "../../src/runner/router.ts";
import { createRunner } from "../../src/runner/runner.ts";
import { auditOf } from "./audit.ts";
import { makeClips } from "./clips.ts";
import { killProcess, launch, processesOf, until, withoutProc } from "./processes.ts";
import { createRandom } from "./random.ts";
import { REMOVE } from "./traffic.ts";

const REQUESTS = 4;
const TERMINAL: readonly RequestStatus[] = ["succeeded", "failed", "cancelled"];

/** What happens to one of a few requests. `silently`: the event is lost and only the database knows. */
type Step =
  | { readonly do: "submit" | "cancel" | "cancel silently" | "finish" | "fail" | "crash"; readonly of: number }
  | { readonly do: "lose all leases" }
  | { readonly do: "wait"; readonly ms: number };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 10,
      arbitrary: fc.record({
        do: fc.constantFrom("submit", "cancel", "cancel silently", "finish", "fail", "crash"),
        of: fc.nat(REQUESTS - 1),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("lose all leases" as const) }) },
    { weight: 5, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.nat(4) }) },
  ),
  { minLength: 4, maxLength: 24 },
);

/** One attempt that is at work and waits to be told how it ends. */
type Attempt = { readonly id: string; end(how: "finish" | "fail" | "crash"): void };

async function play(script: readonly Step[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "reshoot-cancel-"));
  const store = await openSqliteStore(join(folder, "reshoot.db"), { retryBaseMs: 1, retryCapMs: 2 });
  await store.accounts.ensureAccount("local", "test");
  const files = await createDiskFileStore({ folder: join(folder, "files"), table: store.files });
  const events = new RequestEvents();
  const workFolder = join(folder, "work", "jobs");
  const atWork = new Set<Attempt>();
  const stopped: { id: string; reason: unknown }[] = [];
  let opened = 0;
  let closed = 0;
  let rushing = false;

  const engine: Engine = {
    name: "cpu",
    slots: 2,
    summary: "does as it is told",
    operations: ["probe"],
    start: async () => {},
    stop: async () => {},
    async openJob({ id, attempt }, jobFolder, signal) {
      opened++;
      return {
        operations: {
          async probe() {
            await mkdir(join(jobFolder, "out"), { recursive: true });
            await writeFile(join(jobFolder, "out", "result.bin"), `${id} ${attempt}`);
            await new Promise<void>((resolve, reject) => {
              const end = (how: "finish" | "fail" | "crash"): void => {
                atWork.delete(one);
                if (how === "finish") resolve();
                else if (how === "crash") reject(new Error("a defect"));
                else reject(new ReshootError("unavailable", "for now"));
              };
              const one: Attempt = { id, end };
              atWork.add(one);
              signal.addEventListener("abort", () => {
                atWork.delete(one);
                stopped.push({ id, reason: signal.reason });
                reject(signal.reason);
              });
              if (rushing) end("finish");
            });
            return { container: "", duration: 0, bitrate: 0, size: 0 };
          },
        },
        close: async () => void closed++,
      };
    },
  };
  const endpoint = {
    id: "acme/work",
    aliases: [],
    needs: () => [{ operation: "probe", loc: ["body"] }],
    price: { unitPrice: 1, unit: "unit", rule: "", units: () => 1 },
    async run(input: { name: string }, context: EndpointContext) {
      const media = { path: "", loc: ["body"], contentType: "text/plain", fileName: "result.bin" };
      await context.operations.probe({ media });
      const folders = await readdir(workFolder);
      const own = folders
        .filter((name) => name.startsWith(input.name))
        .sort()
        .at(-1)!;
      return { file: { $file: { ...media, path: join(workFolder, own, "out", "result.bin") } } };
    },
  } as unknown as Endpoint;
  const runner = createRunner({
    catalog: createCatalog([endpoint]),
    store,
    files,
    events,
    router: createRouter([engine]),
    fetcher: {
      fetch: async () => {
        throw new ReshootError("file_download_error", "no network here");
      },
    },
    workFolder,
    limits: { uploadBytes: 1000, outputDays: 7 },
    log: { error: () => {} },
  });

  const ids = Array.from({ length: REQUESTS }, () => randomUUID());
  const submitted = new Set<string>();
  const outcomes = new Map<string, CancelOutcome[]>();
  const ended = new Map<string, RequestStatus>();
  const observe = async (): Promise<void> => {
    for (const id of submitted) {
      const status = (await store.get(id))!.status;
      if (ended.has(id)) assert.equal(status, ended.get(id), "a request ends once");
      else if (TERMINAL.includes(status)) ended.set(id, status);
    }
  };
  const submit = async (id: string): Promise<void> => {
    if (submitted.has(id)) return;
    submitted.add(id);
    await store.submit({
      id,
      accountId: "local",
      keyId: null,
      dialect: "fal",
      endpoint: "acme/work",
      requestedAs: "acme/work",
      lane: "cpu",
      input: { name: id },
      seed: 1,
      priority: "normal",
      maxAttempts: 10,
      startBy: null,
      keepForMs: 60_000,
      webhook: null,
      idempotencyKey: null,
      options: {},
    });
    events.publish({ type: "queued", lane: "cpu" });
  };
  const cancel = async (id: string, silently: boolean): Promise<void> => {
    const before = ended.get(id);
    const outcome = await store.cancel(id);
    assert.equal(outcome === "not_found", !submitted.has(id));
    if (before) assert.equal(outcome, "already_finished");
    outcomes.set(id, [...(outcomes.get(id) ?? []), outcome]);
    if (outcome === "requested" && !silently) events.publish({ type: "cancel", id });
  };

  try {
    await runner.start();
    for (const step of script) {
      if (step.do === "wait") await sleep(step.ms);
      else if (step.do === "lose all leases") await store.reclaimAll();
      else if (step.do === "submit") await submit(ids[step.of]!);
      else if (step.do === "cancel" || step.do === "cancel silently") {
        await cancel(ids[step.of]!, step.do === "cancel silently");
      } else {
        const how = step.do;
        [...atWork].filter(({ id }) => id === ids[step.of]).forEach((attempt) => void attempt.end(how));
      }
      await observe();
    }
    // From here all work succeeds, and a runner that is told nothing must find out by itself.
    rushing = true;
    await until("every request has ended", async () => {
      [...atWork].forEach((attempt) => void attempt.end("finish"));
      events.publish({ type: "queued", lane: "cpu" });
      await observe();
      return ended.size === submitted.size || undefined;
    });
    await until("no job is left", async () => (await readdir(workFolder).catch(() => [])).length === 0 || undefined);
  } finally {
    await runner.stop();
  }

  assert.equal(opened, closed);
  assert.equal(atWork.size, 0);
  for (const id of submitted) {
    const said = outcomes.get(id) ?? [];
    const status = ended.get(id)!;
    if (said.includes("cancelled")) assert.equal(status, "cancelled");
    // A result that is there wins over a cancel that was only asked for; a failure does not.
    if (said.includes("requested")) assert.ok(status === "cancelled" || status === "succeeded", status);
    if (!said.some((outcome) => outcome === "requested" || outcome === "cancelled")) {
      assert.notEqual(status, "cancelled", "nobody asked for it");
      assert.ok(!stopped.some((one) => one.id === id && one.reason === "cancel"), "another's cancel stopped it");
    }
    const record = (await store.get(id))!;
    const output = record.output as { file?: { $file: string } } | null;
    assert.equal(status === "succeeded", output !== null);
    if (output) {
      const file = (await files.get(output.file!.$file))!;
      let text = "";
      for await (const chunk of files.read(file)) text += chunk;
      assert.equal(text, `${id} ${record.attempt}`, "the result of its own last attempt");
    }
  }
  const kept = [...ended.values()].filter((status) => status === "succeeded").length;
  await store.close();
  const names = await readdir(join(folder, "files"), { recursive: true });
  assert.equal(names.filter((name) => name.length > 20).length, kept, "bytes of results, and no others");
  assert.deepEqual(auditOf(folder).damage(), []);
  await rm(folder, { recursive: true, force: true });
}

test("whatever the order of cancel, start, end and retry", async () => {
  await fc.assert(fc.asyncProperty(steps, play), { numRuns: 60, seed: 20_260, endOnFailure: true });
});

test("on the real server: no wrong job, no process, no file", { skip: withoutProc }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "reshoot-cancels-"));
  const random = createRandom(7);
  const clips = await makeClips(24, 128, 96);
  const uri = (bytes: Uint8Array): string => `data:video/mp4;base64,${Buffer.from(bytes).toString("base64")}`;
  const input = JSON.stringify({ video_url: uri(clips.video), quad_mask_video_url: uri(clips.mask), prompt: "" });
  const server = await launch(folder, ["--keys", "ann:secret-a,bob:secret-b"]);
  const headers = (who: string) => ({
    authorization: `Key ${who}:secret-${who[0]}`,
    "content-type": "application/json",
  });
  const app = `${server.origin}/queue/${REMOVE}`;
  const status = async (id: string): Promise<string> => {
    const response = await fetch(`${app}/requests/${id}/status`, { headers: headers("ann") });
    return ((await response.json()) as { status: string }).status;
  };
  try {
    const cancelled = new Set<string>();
    const ids: string[] = [];
    for (let round = 0; round < 4; round++) {
      const fresh = await Promise.all(
        [1, 2, 3].map(async () => {
          const response = await fetch(app, { method: "POST", headers: headers("ann"), body: input });
          return ((await response.json()) as { request_id: string }).request_id;
        }),
      );
      ids.push(...fresh);
      await sleep(random.between(0, 400));
      const target = random.pick(fresh);
      const foreign = await fetch(`${app}/requests/${target}/cancel`, { method: "PUT", headers: headers("bob") });
      assert.equal(foreign.status, 404);
      const answers = await Promise.all(
        Array.from({ length: random.between(1, 3) }, () =>
          fetch(`${app}/requests/${target}/cancel`, { method: "PUT", headers: headers("ann") }),
        ),
      );
      for (const { status } of answers) assert.ok(status === 202 || status === 400, String(status));
      if (answers.some(({ status }) => status === 202)) cancelled.add(target);
    }
    for (const id of ids) {
      await until(`${id} has ended`, async () => (await status(id)) === "COMPLETED" || undefined, 90_000);
    }
    const audit = auditOf(join(folder, "data"));
    for (const { id, status: end } of audit.requests()) {
      const allowed = cancelled.has(id) ? ["cancelled", "succeeded"] : ["succeeded"];
      assert.ok(allowed.includes(end), `${id}: ${end}`);
    }
    assert.deepEqual(audit.strays(), []);
    assert.equal(await server.stop(), 0);
    assert.deepEqual(processesOf(folder), []);
  } finally {
    processesOf(folder).forEach(killProcess);
    await rm(folder, { recursive: true, force: true });
  }
});
