import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createCatalog } from "../endpoints/catalog.ts";
import type { Endpoint, EndpointContext, EndpointOutput } from "../endpoints/endpoint.ts";
import type { Engine } from "../engines/engine.ts";
import { fieldError, ReshootError } from "../errors.ts";
import { createDiskFileStore } from "../files/disk.ts";
import type { FileStore } from "../files/store.ts";
import type { MediaHandle } from "../operations/operations.ts";
import { RequestEvents } from "../requests/events.ts";
import { openSqliteStore } from "../requests/sqlite.ts";
import type { NewRequest, RequestRecord, RequestStore } from "../requests/store.ts";
import { createRouter } from "./router.ts";
import { createRunner, type Runner } from "./runner.ts";

type Run = (context: EndpointContext, input: Record<string, unknown>) => Promise<EndpointOutput>;

let folder: string;
let store: RequestStore;
let files: FileStore;
let events: RequestEvents;
let runner: Runner;
let run: Run;
let closedJobs: number;

const engine: Engine = {
  name: "cpu",
  slots: 2,
  summary: "a test engine",
  operations: ["probe"],
  start: async () => {},
  stop: async () => {},
  openJob: async () => ({
    operations: {
      probe: async ({ media }, { onProgress }) => {
        onProgress(0.5, "halfway");
        return { container: media.path, duration: 1, bitrate: 0, size: 0 };
      },
    },
    close: async () => void closedJobs++,
  }),
};

const endpoint = {
  id: "acme/work",
  aliases: [],
  needs: () => [{ operation: "probe", loc: ["body"] }],
  price: { unitPrice: 1, unit: "unit", rule: "", units: () => 3 },
  run: (input: Record<string, unknown>, context: EndpointContext) => run(context, input),
} as unknown as Endpoint;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "runner-"));
  store = await openSqliteStore(join(folder, "reshoot.db"));
  await store.accounts.ensureAccount("local", "test");
  files = await createDiskFileStore({ folder: join(folder, "files"), table: store.files });
  events = new RequestEvents();
  closedJobs = 0;
  runner = createRunner({
    catalog: createCatalog([endpoint]),
    store,
    files,
    events,
    router: createRouter([engine]),
    fetcher: {
      fetch: async (_url, { loc }) => {
        throw fieldError("file_download_error", loc, "no network in this test");
      },
    },
    workFolder: join(folder, "work"),
    limits: { uploadBytes: 1e6, outputDays: 7 },
    log: { error: () => {} },
  });
  await runner.start();
});

afterEach(async () => {
  await runner.stop();
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

async function submit(change: Partial<NewRequest> = {}): Promise<string> {
  const { record } = await store.submit({
    id: randomUUID(),
    accountId: "local",
    keyId: null,
    dialect: "fal",
    endpoint: "acme/work",
    requestedAs: "acme/work",
    lane: "cpu",
    input: {},
    seed: 42,
    priority: "normal",
    maxAttempts: 1,
    startBy: null,
    keepForMs: 60_000,
    webhook: null,
    idempotencyKey: null,
    options: {},
    ...change,
  });
  events.publish({ type: "queued", lane: "cpu" });
  return record.id;
}

async function finished(id: string): Promise<RequestRecord> {
  for (let i = 0; i < 500; i++) {
    const record = await store.get(id);
    if (record?.finishedAt) return record;
    await sleep(10);
  }
  throw new Error("the request did not finish");
}

const handle = (path: string): MediaHandle => ({ path, loc: ["body"], contentType: "video/mp4", fileName: "out.mp4" });
const jobFolder = (id: string): string => join(folder, "work", `${id}-1`);

test("a result keeps its files, and the job's folder goes", async () => {
  let id = "";
  run = async (context) => {
    const path = join(jobFolder(id), "out.mp4");
    await writeFile(path, "bytes");
    return { video: { $file: handle(path), duration: 2 }, seed: context.defaultSeed, nothing: undefined };
  };
  id = randomUUID();
  await submit({ id });
  const record = await finished(id);
  assert.equal(record.status, "succeeded");
  assert.equal(record.billableUnits, 3);
  assert.equal(record.engine, "cpu");
  const video = record.output?.video as Record<string, unknown>;
  assert.deepEqual(Object.keys(record.output!), ["video", "seed"]);
  assert.equal(record.output?.seed, 42);
  assert.equal(video.file_size, 5);
  assert.equal(video.duration, 2);
  const file = await files.get(String(video.$file));
  assert.equal(file?.requestId, id);
  let text = "";
  for await (const chunk of files.read(file!)) text += chunk;
  assert.equal(text, "bytes");
  assert.ok(!existsSync(jobFolder(id)));
});

test("inputs are staged under the name of their field's file; operations report progress and close", async () => {
  const upload = await files.put(
    {
      accountId: "local",
      requestId: null,
      fileName: "clip.mp4",
      contentType: "video/mp4",
      access: { default: "allow", rules: [] },
      expiresAt: null,
    },
    (await import("node:stream")).Readable.from([Buffer.from("clip")]),
    { maxBytes: 100 },
  );
  const progress: number[] = [];
  events.subscribe((event) => event.type === "progress" && progress.push(event.fraction));
  run = async (context) => {
    const media = await context.open("video_url");
    assert.equal(await readFile(media.path, "utf8"), "clip");
    assert.deepEqual(media.loc, ["body", "video_url"]);
    assert.equal(await context.open("video_url"), media);
    context.stage("second half", 0.5, 1);
    const info = await context.operations.probe({ media });
    return { duration: info.duration };
  };
  const record = await finished(await submit({ input: { video_url: { $url: upload.id, file_name: "clip.mp4" } } }));
  assert.deepEqual(record.output, { duration: 1 });
  assert.equal(closedJobs, 1);
  assert.ok(progress.every((value) => value >= 0.5 && value <= 1) && progress.length > 0);
});

test("an error about a field is the request's result, and is not retried", async () => {
  run = (context) => context.open("audio_url").then(() => ({}));
  const record = await finished(await submit({ maxAttempts: 10, input: { audio_url: "http://127.0.0.1:9/a.wav" } }));
  assert.equal(record.status, "failed");
  assert.equal(record.attempt, 1);
  assert.deepEqual(record.error?.issues[0]?.loc, ["body", "audio_url"]);
});

test("a passing failure is retried; a defect's text stays inside", async () => {
  let calls = 0;
  run = async () => {
    if (++calls === 1) throw new Error("secret detail");
    return { calls };
  };
  const record = await finished(await submit({ maxAttempts: 3 }));
  assert.equal(record.status, "succeeded");
  assert.deepEqual(record.output, { calls: 2 });
  run = async () => {
    throw new Error("secret detail");
  };
  const failed = await finished(await submit());
  assert.equal(failed.error?.code, "internal_server_error");
  assert.ok(!JSON.stringify(failed.error).includes("secret"));
});

test("cancel stops running work, and its folder is gone when the state says cancelled", async () => {
  let started: () => void = () => {};
  const begun = new Promise<void>((resolve) => (started = resolve));
  run = (context) =>
    new Promise((_, reject) => {
      context.signal.addEventListener("abort", () => reject(context.signal.reason));
      started();
    });
  const id = await submit({ maxAttempts: 10 });
  await begun;
  assert.equal(await store.cancel(id), "requested");
  const asked = performance.now();
  events.publish({ type: "cancel", id });
  const record = await finished(id);
  assert.equal(record.status, "cancelled");
  assert.ok(performance.now() - asked < 2000);
  assert.ok(!existsSync(jobFolder(id)));
});

test("shutdown gives work back uncounted", async () => {
  let started: () => void = () => {};
  const begun = new Promise<void>((resolve) => (started = resolve));
  run = (context) =>
    new Promise((_, reject) => {
      context.signal.addEventListener("abort", () => reject(context.signal.reason));
      started();
    });
  const id = await submit({ maxAttempts: 10 });
  await begun;
  await runner.stop();
  const record = await store.get(id);
  assert.equal(record?.status, "queued");
  assert.equal(record?.attempt, 0);
});

test("a file outside the job's folder is never taken", async () => {
  const secret = join(folder, "secret");
  await writeFile(secret, "secret");
  run = async () => ({ video: { $file: handle(secret) } });
  const record = await finished(await submit());
  assert.equal(record.status, "failed");
  assert.equal(await readFile(secret, "utf8"), "secret");
});

test("what was ignored is said in the log, and slots bound how much runs at once", async () => {
  let running = 0;
  let most = 0;
  run = async (context) => {
    most = Math.max(most, ++running);
    context.log("INFO", "working");
    await sleep(30);
    running--;
    return {};
  };
  const ids = await Promise.all(
    Array.from({ length: 5 }, (_, index) => submit({ options: index === 0 ? { unknownFields: ["colour"] } : {} })),
  );
  for (const id of ids) assert.equal((await finished(id)).status, "succeeded");
  assert.equal(most, 2);
  const lines = (await store.logs(ids[0]!)).map(({ message }) => message);
  assert.deepEqual(lines, ["Ignored unknown parameter colour", "working"]);
  assert.deepEqual(await readdir(join(folder, "work")), []);
});

test("a holder that lost its lease writes nothing", async () => {
  let release: () => void = () => {};
  let started: () => void = () => {};
  const begun = new Promise<void>((resolve) => (started = resolve));
  let calls = 0;
  run = async () => {
    if (++calls > 1) return { second: true };
    started();
    await new Promise<void>((resolve) => (release = resolve));
    throw new ReshootError("internal_error", "the first holder's own end");
  };
  const id = await submit({ maxAttempts: 10 });
  await begun;
  await store.reclaimAll();
  events.publish({ type: "queued", lane: "cpu" });
  const record = await finished(id);
  assert.deepEqual(record.output, { second: true });
  release();
  await sleep(50);
  assert.equal((await store.get(id))?.status, "succeeded");
});

test("a result whose row cannot be written leaves no bytes, and the request is tried again", async () => {
  const { succeed } = store;
  let calls = 0;
  store.succeed = async (...args) => {
    if (++calls === 1) throw new ReshootError("storage_full", "The server's disk is full");
    return succeed.apply(store, args);
  };
  const id = randomUUID();
  run = async (context) => {
    const path = join(folder, "work", `${id}-${calls + 1}`, "out.mp4");
    await writeFile(path, "bytes");
    return { video: { $file: handle(path) }, seed: context.defaultSeed };
  };
  await submit({ id, maxAttempts: 10 });
  const record = await finished(id);
  assert.equal(record.status, "succeeded");
  assert.equal(record.attempt, 2);
  const stored = (await readdir(join(folder, "files"), { recursive: true })).filter((name) => name.length > 20);
  assert.deepEqual(
    stored.map((name) => name.slice(3)),
    [String((record.output as { video: { $file: string } }).video.$file)],
  );
});
