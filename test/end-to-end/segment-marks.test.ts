/** Marks by time, painted frames, what the object affects, and masks as text: what an editor of masks needs. */
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { greyPng } from "../png.ts";
import { startTestServer, type TestServer } from "./server.ts";

type File = { readonly url: string };
type Answer = { mask_video?: File; mask_runs?: File; mask_image?: File & { width: number; height: number } };
type Frame = { time: number; object: number[]; affected?: number[] };
type Refusal = { status: number; body: { detail: { loc: (string | number)[]; type: string }[] } };

/** The sample's size, rate and length, and a frame on which its ball is in the middle. */
const [WIDTH, HEIGHT, RATE, FRAMES, MIDDLE] = [480, 270, 30, 48, 20];

suite("segmentation by marks", () => {
  let server: TestServer;
  let video_url = "";
  before(async () => {
    server = await startTestServer();
    const reply = await fetch(`${server.origin}/playground/api/samples/ball.mp4`, { method: "POST" });
    video_url = ((await reply.json()) as { url: string }).url;
  });
  after(() => server?.close());

  const segment = async (input: object): Promise<Answer> =>
    (await server.fal.subscribe("reshoot/segment-video", { input: { video_url, ...input } as never }))
      .data as unknown as Answer;

  /** A mask picture with a rectangle, as a data URI, and its runs. */
  const rectangle = (x0: number, y0: number, x1: number, y1: number) => {
    const png = greyPng(WIDTH, HEIGHT, (x, y) => (x >= x0 && x < x1 && y >= y0 && y < y1 ? 255 : 0));
    const runs = [y0 * WIDTH + x0];
    for (let y = y0; y < y1; y++) runs.push(x1 - x0, y + 1 < y1 ? WIDTH - (x1 - x0) : 0);
    return {
      url: `data:image/png;base64,${png.toString("base64")}`,
      runs: runs.slice(0, -1),
    };
  };

  test("a painted frame comes back to the pixel, shadows go with their object, every frame has its time", async () => {
    const time = MIDDLE / RATE;
    const [ball, shadow] = [rectangle(163, 123, 232, 193), rectangle(150, 216, 240, 232)];
    const { mask_video, mask_runs } = await segment({
      masks: [
        { mask_url: ball.url, time },
        { mask_url: shadow.url, time, affected: true },
      ],
      mask_format: "quadmask",
      mask_runs: true,
    });
    assert.ok(mask_video);
    const lines = (await (await fetch(mask_runs!.url)).text()).trim().split("\n");
    const [head, ...frames] = lines.map((line) => JSON.parse(line)) as [object, ...Frame[]];
    assert.deepEqual(head, { width: WIDTH, height: HEIGHT });
    assert.equal(frames.length, FRAMES);
    for (const [i, frame] of frames.entries()) assert.ok(Math.abs(frame.time - i / RATE) < 1e-6, `${i}: ${frame.time}`);
    assert.deepEqual(frames[MIDDLE]!.object, ball.runs);
    assert.deepEqual(frames[MIDDLE]!.affected, shadow.runs);
    // The ball rolls to the right, and its shadow with it.
    const middle = (runs: readonly number[]): number => ((runs[0]! % WIDTH) + runs[1]! / 2) as number;
    const later = frames[MIDDLE + 6]!;
    assert.ok(later.object.length > 0 && later.affected!.length > 0);
    assert.ok(middle(later.affected!) > middle(shadow.runs) + 5, `${middle(later.affected!)}`);
  });

  test("one frame is found by its time", async () => {
    const time = MIDDLE / RATE;
    const { mask_image } = await segment({ points: [{ x: 190, y: 165, time }], frame_time: time });
    assert.deepEqual([mask_image?.width, mask_image?.height], [WIDTH, HEIGHT]);
  });

  test("a frame that the video has not is refused at the field that names it", async () => {
    const points = [{ x: 190, y: 165, frame: MIDDLE }];
    await assert.rejects(segment({ points, frame_index: FRAMES }), (error: unknown) => {
      const { status, body } = error as Refusal;
      assert.equal(status, 422);
      assert.deepEqual(body.detail[0]?.loc, ["body", "frame_index"]);
      return true;
    });
  });

  test("what only a quadmask can say is refused elsewhere, at its mark", async () => {
    const points = [
      { x: 190, y: 165 },
      { x: 190, y: 220, affected: true },
    ];
    for (const input of [{ points }, { points, mask_format: "quadmask", frame_time: 0 }]) {
      await assert.rejects(segment(input), (error: unknown) => {
        const { status, body } = error as Refusal;
        assert.equal(status, 422);
        assert.deepEqual(body.detail[0]?.loc, ["body", "points", 1, "affected"]);
        return true;
      });
    }
  });
});
