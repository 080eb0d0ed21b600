/** An unmodified Node program with the official JavaScript client: only its environment leads it here. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { startTakenOver, type TakenOver } from "./takeover.ts";

const PROGRAM = resolve("test", "tls", "fal-client-program.mjs");
const PRELOAD = pathToFileURL(resolve("test", "tls", "proxy-from-environment.mjs")).href;

describe("official JavaScript client through HTTPS_PROXY", () => {
  let server: TakenOver;
  before(async () => {
    server = await startTakenOver();
    server.server.setWorker(async (work) => ({
      prompt: work.request.input.prompt!,
      video: await work.file(Buffer.from("a video"), "video/mp4", "out.mp4"),
    }));
  });
  after(() => server.close());

  test("run, subscribe, stream and upload", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ["--import", PRELOAD, PROGRAM], {
      env: {
        PATH: process.env.PATH,
        HTTPS_PROXY: server.proxy,
        NODE_EXTRA_CA_CERTS: server.caPath,
        FAL_KEY: "id:secret",
      },
      timeout: 60_000,
    });
    const { uploaded, ...seen } = JSON.parse(stdout);
    assert.deepEqual(seen, {
      run: "run",
      file: "a video",
      subscribe: "subscribe",
      last: "stream",
      back: "uploaded bytes",
    });
    assert.ok(uploaded.startsWith("https://v3.fal.media/files/"), uploaded);
  });
});
