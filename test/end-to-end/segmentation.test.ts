/** A person from words on a real clip, through the official client. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { decode, ffprobe, withoutFfmpeg } from "../ffmpeg.ts";
import { sharedMedia, withoutSharedMedia } from "../shared-media.ts";
import { startTestServer, type TestServer } from "./server.ts";

describe("segmentation on a real clip", { skip: withoutSharedMedia || withoutFfmpeg }, () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.close());

  test('"the man" is found and followed', async () => {
    const clip = (part: string): string => sharedMedia(`removal/or_gt_largehead${part}.mp4`);
    const { data } = await server.fal.subscribe("reshoot/segment-video", {
      input: { video_url: await server.file(clip("")), prompt: "the man" } as never,
    });
    const { mask_video, found } = data as unknown as { mask_video: { url: string }; found: string[] };
    assert.deepEqual(found, ["person"]);
    const path = await server.download(mask_video.url, "mask.mp4");
    const { video } = await ffprobe(path);
    assert.deepEqual([video?.width, video?.height, video?.frames], [640, 360, 72]);
    const [mask, truth] = await Promise.all([decode(path, "gray"), decode(clip("_mask"), "gray")]);
    assert.ok(mask.every((level) => level === 0 || level === 255));
    let sum = 0;
    const size = 640 * 360;
    for (let start = 0; start < truth.length; start += size) {
      let [both, either] = [0, 0];
      for (let i = start; i < start + size; i++) {
        const [own, other] = [mask[i]! >= 128, truth[i]! >= 128];
        if (own && other) both++;
        if (own || other) either++;
      }
      sum += both / either;
    }
    const mean = (sum * size) / truth.length;
    assert.ok(mean >= 0.7, `mean IoU ${mean.toFixed(3)}`);
  });

  test("what nothing here can find is refused at its field", async () => {
    const input = { video_url: await server.file(sharedMedia("removal/or_gt_static.mp4")), prompt: "the quasar" };
    await assert.rejects(server.fal.subscribe("reshoot/segment-video", { input: input as never }), (error: unknown) => {
      const { status, body } = error as {
        status: number;
        body: { detail: { loc: string[]; type: string; msg: string }[] };
      };
      assert.equal(status, 422);
      assert.deepEqual([body.detail[0]?.loc, body.detail[0]?.type], [["body", "prompt"], "no_media_generated"]);
      assert.match(body.detail[0]!.msg, /people, vehicles, animals/);
      return true;
    });
  });
});
