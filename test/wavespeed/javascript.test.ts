/** The official JavaScript clients, unmodified: only the base URL differs. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { fieldError } from "../../src/errors.ts";
import { type ModernPackage, npmPackage, type OldPackage, withoutClients } from "./clients.ts";
import { EDIT, oneFile, startWavespeedServer, VOID, type WavespeedServer } from "./server.ts";

const FAST = { pollInterval: 0.02 };

describe("official JavaScript clients", { skip: withoutClients }, () => {
  let server: WavespeedServer;
  let folder: string;

  before(async () => {
    server = await startWavespeedServer({ syncWaitMs: 2000 });
    folder = await mkdtemp(join(tmpdir(), "reshoot-wavespeed-"));
  });
  after(async () => {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    await server.idle();
    server.setWorker(oneFile);
  });

  for (const version of ["0.3.2", "0.2.3"] as const) {
    const client = () => {
      const { Client } = npmPackage<ModernPackage>(version);
      return new Client("any", { baseUrl: server.origin, retryInterval: 0.01 });
    };

    test(`${version}: upload, run, download`, async () => {
      const path = join(folder, "a clip.mp4");
      await writeFile(path, "the clip");
      const video = await client().upload(path);
      assert.equal(await (await fetch(video)).text(), "the clip");
      const { outputs } = await client().run(VOID, { video, prompt: "x", mask_video: video }, FAST);
      assert.equal(outputs.length, 1);
      assert.equal(await (await fetch(String(outputs[0]))).text(), "not really a video");
    });

    test(`${version}: an empty file and a name without a type`, async () => {
      const path = join(folder, "nothing");
      await writeFile(path, "");
      const url = await client().upload(path);
      assert.equal(await (await fetch(url)).text(), "");
    });

    test(`${version}: sync mode`, async () => {
      const { outputs } = await client().run(EDIT, { prompt: "x" }, { enableSyncMode: true });
      assert.match(String(outputs[0]), /^http.*out\.mp4$/);
    });

    test(`${version}: sync mode that ends first`, async () => {
      let finish = (): void => {};
      server.setWorker(async (work) => {
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        return oneFile(work);
      });
      await assert.rejects(client().run(EDIT, { prompt: "x" }, { enableSyncMode: true }), /Sync mode timed out/);
      finish();
    });

    test(`${version}: a failed prediction`, async () => {
      server.setWorker(() => Promise.reject(fieldError("video_load_error", ["body", "video_url"], "not a video")));
      await assert.rejects(
        client().run(EDIT, { prompt: "x" }, FAST),
        /Prediction failed \(task_id: [\da-f]{32}\): video_url: not a video/,
      );
    });

    test(`${version}: seed 001's example fails without a mask, with code 1400`, async () => {
      const example = {
        prompt: "A cinematic shot of a city at sunset, soft golden light",
        video: "https://example.com/your-input.mp4",
        enable_pass2_refinement: false,
        negative_prompt: "blurry, low quality, distorted",
        num_inference_steps: 30,
        guidance_scale: 1,
        strength: 1,
        num_frames: 85,
        seed: 0,
      };
      await assert.rejects(client().run(VOID, example, FAST), /HTTP 400.*"error_code":"1400"/s);
      const { outputs } = await client().run(VOID, { ...example, mask_video: "https://example.com/m.mp4" }, FAST);
      assert.equal(outputs.length, 1);
    });

    test(`${version}: a model nobody knows`, async () => {
      await assert.rejects(client().run("wavespeed-ai/no-such-model", {}, FAST), /HTTP 404/);
    });
  }

  describe("0.0.15", () => {
    const client = () => {
      const { WaveSpeed } = npmPackage<OldPackage>("0.0.15");
      return new WaveSpeed("any", { baseUrl: `${server.origin}/api/v3/`, pollInterval: 0.02 });
    };

    test("upload by the v2 route, run", async () => {
      const video = await client().upload(new Blob(["the clip"], { type: "video/mp4" }), { filename: "c.mp4" });
      assert.match(video, /c\.mp4$/);
      assert.equal(await (await fetch(video)).text(), "the clip");
      const prediction = await client().run(VOID, { video, prompt: "x", mask_video: video });
      assert.deepEqual([prediction.status, prediction.model], ["completed", VOID]);
      assert.equal(await (await fetch(prediction.outputs[0]!)).text(), "not really a video");
    });

    test("create, getPrediction, and a failure", async () => {
      server.setWorker(() => Promise.reject(fieldError("video_load_error", ["body", "video_url"], "not a video")));
      const created = await client().create(EDIT, { prompt: "x" });
      const failed = await created.wait();
      assert.deepEqual([failed.status, failed.error], ["failed", "video_url: not a video"]);
      assert.equal((await client().getPrediction(created.id)).status, "failed");
    });
  });
});
