/** The life of a request on the whole server: killed after its answer, cancelled at work, repeated, expired in the queue. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { ApiError, createFalClient, type FalClient, type QueueStatus } from "@fal-ai/client";
import { connect } from "../../src/client/index.ts";
import { renderSceneFiles } from "../../src/samples/render.ts";
import { startTestServer, type TestServer } from "./server.ts";

const ENDPOINT = "fal-ai/void-video-inpainting";
const SCENE = { width: 320, height: 180, frames: 40, shake: 1, pan: 20, noise: 1, seed: 3 };
/** Long enough to be caught at work. */
const LONG_SCENE = { ...SCENE, width: 640, height: 360, frames: 150 };

let folder: string;
let short: { source: Blob; mask: Blob };
let long: { source: Blob; mask: Blob };

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "reshoot-scenes-"));
  const blob = async (path: string): Promise<Blob> =>
    new Blob([new Uint8Array(await readFile(path))], { type: "video/mp4" });
  const render = async (scene: typeof SCENE) => {
    const { source, mask } = await renderSceneFiles(scene, folder);
    return { source: await blob(source), mask: await blob(mask) };
  };
  short = await render(SCENE);
  long = await render(LONG_SCENE);
});
after(() => rm(folder, { recursive: true, force: true }));

async function upload(fal: FalClient, scene: { source: Blob; mask: Blob }): Promise<Record<string, unknown>> {
  const [video_url, quad_mask_video_url] = await Promise.all(
    [scene.source, scene.mask].map((blob) => fal.storage.upload(blob)),
  );
  return { video_url, quad_mask_video_url, prompt: "" };
}

async function until<T>(ask: () => Promise<T | undefined>, ms = 60_000): Promise<T> {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(50)) {
    const answer = await ask();
    if (answer !== undefined) return answer;
  }
  throw new Error("it did not happen in time");
}

describe("a server that is killed", () => {
  /** The server as its users start it, in a process group of its own. */
  async function launch(data: string): Promise<{ child: ChildProcess; origin: string }> {
    const cli = fileURLToPath(new URL("../../src/cli.js", import.meta.url));
    const child = spawn(process.execPath, [cli, "--port", "0", "--data", data], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, RESHOOT_LOG: "error" },
    });
    for await (const line of createInterface({ input: child.stdout! })) {
      const origin = /ready at (\S+)/.exec(line)?.[1];
      if (origin) return { child, origin };
    }
    throw new Error("the server did not start");
  }

  test("completes what it had acknowledged, whether queued or at work", async () => {
    const data = join(folder, "killed");
    const first = await launch(data);
    const fal = createFalClient(connect(first.origin));
    const input = await upload(fal, short);
    const { request_id: worked } = await fal.queue.submit(ENDPOINT, { input: (await upload(fal, long)) as never });
    await until(async () =>
      (await fal.queue.status(ENDPOINT, { requestId: worked })).status === "IN_PROGRESS" ? true : undefined,
    );
    const submits = Array.from({ length: 3 }, () => fal.queue.submit(ENDPOINT, { input: input as never }));
    const { request_id: last } = (await Promise.all(submits)).at(-1)!;
    // Right after the answer; its runner and workers must notice by themselves.
    first.child.kill("SIGKILL");
    await once(first.child, "exit");

    const second = await launch(data);
    const again = createFalClient(connect(second.origin));
    try {
      const ids = [worked, ...(await Promise.all(submits)).map(({ request_id }) => request_id)];
      assert.ok(ids.includes(last));
      for (const requestId of ids) {
        await until(
          async () => ((await again.queue.status(ENDPOINT, { requestId })).status === "COMPLETED" ? true : undefined),
          120_000,
        );
        const { data: result } = await again.queue.result(ENDPOINT, { requestId });
        const { video } = result as { video: { url: string; file_size: number } };
        const bytes = (await (await fetch(video.url)).arrayBuffer()).byteLength;
        assert.equal(bytes, video.file_size);
      }
    } finally {
      second.child.kill("SIGTERM");
      await once(second.child, "exit");
    }
    assert.deepEqual(await readdir(join(data, "work", "jobs")).catch(() => []), []);
  });
});

describe("requests on a running server", () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.close());

  test("cancel stops running work and leaves nothing behind within two seconds", async () => {
    const { fal } = server;
    const { request_id: requestId } = await fal.queue.submit(ENDPOINT, { input: (await upload(fal, long)) as never });
    const jobs = join(server.folder, "data", "work", "jobs");
    await until(async () => {
      const { status, logs } = (await fal.queue.status(ENDPOINT, { requestId, logs: true })) as {
        status: string;
        logs?: unknown[];
      };
      return status === "IN_PROGRESS" && logs!.length > 2 ? true : undefined;
    });
    assert.equal((await readdir(jobs)).length, 1);
    const asked = performance.now();
    await fal.queue.cancel(ENDPOINT, { requestId });
    await until(async () =>
      (await fal.queue.status(ENDPOINT, { requestId })).status === "COMPLETED" ? true : undefined,
    );
    assert.deepEqual(await readdir(jobs), []);
    assert.ok(performance.now() - asked < 2000, `${performance.now() - asked} ms`);
    const failure = await fal.queue.result(ENDPOINT, { requestId }).catch((error: unknown) => error);
    assert.ok(failure instanceof ApiError && failure.status === 499);
    // The slot is free again.
    const { data } = await fal.subscribe(ENDPOINT, { input: (await upload(fal, short)) as never });
    assert.ok((data as { video: object }).video);
  });

  test("the same input and seed give the same bytes; progress, logs and timings are real", async () => {
    const { fal } = server;
    const input = { ...(await upload(fal, short)), seed: 11 };
    const bytes: Buffer[] = [];
    for (const mode of ["polling", "streaming"] as const) {
      const messages: string[] = [];
      const statuses = new Set<string>();
      const { data } = await fal.subscribe(ENDPOINT, {
        input: input as never,
        mode,
        logs: true,
        pollInterval: 50,
        onQueueUpdate: (update: QueueStatus) => {
          statuses.add(update.status);
          if ("logs" in update) messages.push(...update.logs!.map(({ message }) => message));
        },
      } as never);
      const { video, seed, timings } = data as {
        video: { url: string };
        seed: number;
        timings: Record<string, number>;
      };
      assert.equal(seed, 11);
      assert.ok(timings.total! > 0 && timings.remove! <= timings.total!);
      assert.ok(statuses.has("COMPLETED"));
      assert.ok(
        messages.some((message) => message.startsWith("Video: 320x180, 30.00 frames/s")),
        messages.join("\n"),
      );
      bytes.push(Buffer.from(await (await fetch(video.url)).arrayBuffer()));
    }
    assert.ok(bytes[0]!.equals(bytes[1]!));
  });

  test("a stream tells progress and ends with the result", async () => {
    const { fal } = server;
    const stream = await fal.stream(ENDPOINT, { input: (await upload(fal, short)) as never });
    const events: Record<string, unknown>[] = [];
    for await (const event of stream) events.push(event as Record<string, unknown>);
    const result = (await stream.done()) as { video?: { url: string } };
    assert.ok(result.video?.url.startsWith(server.origin));
    assert.ok(events.length > 1);
    assert.deepEqual(events.at(-1), result);
  });

  test("a clip without a mask loses the object that moves", async () => {
    const { fal } = server;
    const video_url = await fal.storage.upload(short.source);
    const { data } = await fal.subscribe(ENDPOINT, { input: { video_url, prompt: "an empty pavement" } as never });
    assert.ok((data as { video: object }).video);
  });

  test("what nothing here can do is refused at once and never queued", async () => {
    for (const [endpoint, input, field] of [
      ["fal-ai/pixverse/extend", { video_url: "https://example.com/a.mp4", prompt: "on" }, "video_url"],
      ["fal-ai/wan-vace-14b", { video_url: "https://example.com/a.mp4", prompt: "x", task: "depth" }, "task"],
    ] as const) {
      const failure = await server.fal.queue
        .submit(endpoint, { input: input as never })
        .catch((error: unknown) => error);
      assert.ok(failure instanceof ApiError);
      assert.equal(failure.status, 422);
      const [issue] = (failure.body as { detail: { loc: string[]; type: string; msg: string }[] }).detail;
      assert.equal(issue?.type, "feature_not_supported");
      assert.ok(issue?.loc.includes(field), JSON.stringify(issue));
    }
  });
});
