/** The whole server: one clip and mask through both dialects, by both vendors' official clients. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { renderSceneFiles } from "../../src/samples/render.ts";
import { startTestServer, type TestServer } from "../end-to-end/server.ts";
import { type ModernPackage, npmPackage, withoutClients } from "./clients.ts";
import { VOID } from "./server.ts";

const SCENE = { width: 320, height: 180, frames: 24, shake: 1, pan: 20, noise: 1, seed: 3 };

let server: TestServer;
before(async () => {
  server = await startTestServer("--prices", "vendor");
});
after(() => server.close());

test("both dialects give the same bytes, and bill by their own tables", { skip: withoutClients }, async () => {
  const { source, mask } = await renderSceneFiles(SCENE, server.folder);
  const { Client } = npmPackage<ModernPackage>("0.3.2");
  const wavespeed = new Client("any", { baseUrl: server.origin });
  const [video, mask_video] = [await wavespeed.upload(source), await wavespeed.upload(mask)];
  const fast = { pollInterval: 0.1 };

  const own = await wavespeed.run(
    VOID,
    { video, mask_video, prompt: "x", seed: 5, enable_pass2_refinement: true },
    fast,
  );
  const other = await wavespeed.run(
    "reshoot/fal-ai/void-video-inpainting",
    { video, mask_video, prompt: "", seed: 5, enable_pass2_refinement: true },
    fast,
  );
  const fal = await server.fal.subscribe("fal-ai/void-video-inpainting", {
    input: {
      video_url: await server.file(source),
      quad_mask_video_url: await server.file(mask),
      prompt: "y",
      seed: 5,
      enable_pass2_refinement: true,
    } as never,
  });
  const urls = [own.outputs[0], other.outputs[0], (fal.data as { video: { url: string } }).video.url];
  const hashes = await Promise.all(
    urls.map(async (url) =>
      createHash("sha256")
        .update(new Uint8Array(await (await fetch(String(url))).arrayBuffer()))
        .digest("hex"),
    ),
  );
  assert.deepEqual(hashes, [hashes[0], hashes[0], hashes[0]]);

  const response = await fetch(`${server.origin}/api/v3/billings/search`, {
    method: "POST",
    body: JSON.stringify({ page: 1, page_size: 10, sort: "created_at asc" }),
  });
  type Item = { price: number; prediction: { model_uuid: string } };
  const { data } = (await response.json()) as { data: { items: Item[] } };
  assert.deepEqual(
    data.items.map(({ price, prediction }) => [prediction.model_uuid, price]),
    [
      [VOID, 0.15],
      ["reshoot/fal-ai/void-video-inpainting", 0.1],
      ["reshoot/fal-ai/void-video-inpainting", 0.1],
    ],
  );
});

test("what is priced by the second is measured", async () => {
  const { source } = await renderSceneFiles({ ...SCENE, frames: 60 }, server.folder);
  const clip = await server.fal.storage.upload(await server.file(source));
  const audio = await server.fal.storage.upload(new Blob([new Uint8Array(silence(1))], { type: "audio/wav" }));
  const response = await fetch(`${server.origin}/api/v3/reshoot/fal-ai/ffmpeg-api/merge-audio-video`, {
    method: "POST",
    body: JSON.stringify({ video: clip, audio, enable_sync_mode: true }),
  });
  const { data } = (await response.json()) as { data: { id: string; status: string; error: string } };
  assert.equal(data.status, "completed", data.error);
  const search = await fetch(`${server.origin}/api/v3/billings/search`, {
    method: "POST",
    body: JSON.stringify({ page: 1, page_size: 1, prediction_uuids: [data.id] }),
  });
  const bills = (await search.json()) as { data: { items: { price: number }[] } };
  // More than the one second that is assumed of a length nobody knows.
  assert.ok(bills.data.items[0]!.price > 0.0003, JSON.stringify(bills.data.items));
});

/** Seconds of silence as a WAV file: 8 kHz, mono, 16 bits. */
function silence(seconds: number): Buffer {
  const size = seconds * 16_000;
  const header = Buffer.alloc(44);
  header.write("RIFF");
  header.writeUInt32LE(36 + size, 4);
  header.write("WAVEfmt ", 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(8000, 24);
  header.writeUInt32LE(16_000, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36);
  header.writeUInt32LE(size, 40);
  return Buffer.concat([header, Buffer.alloc(size)]);
}
