/** What is made beyond the picture: from other frames where they show it, else a continuation that stays where it is. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FrameFormat, TimedFrame } from "../../media/frame.ts";
import { REMOVE } from "../mask.ts";
import { continuePlanes, nearestKnown } from "../panorama/continuation.ts";
import type { Homography } from "../registration/homography.ts";
import { type RenderedFrame, renderClip, SMALL, stream } from "../removal/removal.test.clips.ts";
import { removeObject } from "../removal/remove-object.ts";

const FORMAT: FrameFormat = { ...SMALL, width: 160, height: 96 };
const PICTURE = { x0: 40, y0: 0, x1: 120, y1: 96 };

/** A clip of which only the middle is known. */
function cropped(frames: number, camera?: (i: number) => Homography, format = FORMAT, noise = 1): RenderedFrame[] {
  const object = (x: number): boolean => x < PICTURE.x0 || x >= PICTURE.x1;
  return renderClip({ format, frames, noise, object, ...(camera && { camera }) });
}

async function extended(clip: readonly RenderedFrame[], format = FORMAT, threads = 1): Promise<TimedFrame[]> {
  const out: TimedFrame[] = [];
  const options = { window: 40, refine: false, seed: 1, threads, beyond: PICTURE };
  for await (const frame of removeObject(stream(clip), format, options)) out.push(frame);
  return out;
}

/** dB of luma against the noiseless truth. */
function quality(
  clip: readonly RenderedFrame[],
  out: readonly TimedFrame[],
  at: (x: number, frame: number) => boolean,
  bits = 8,
): number {
  let [squares, count] = [0, 0];
  for (const [i, { frame }] of out.entries()) {
    const { data, stride, width, height } = frame.planes[0];
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        if (!at(x, i)) continue;
        squares += (data[y * stride + x]! - clip[i]!.truth[0]![y * width + x]!) ** 2;
        count++;
      }
    }
  }
  return 10 * Math.log10((2 ** bits - 1) ** 2 / (squares / count));
}

describe("beyond the picture", () => {
  const pan = (i: number): Homography => [1, 0, 3 * i, 0, 1, 0.3 * i, 0, 0, 1];
  /** Frame j shows x of frame i at x - 3 (j - i). */
  const isSeen = (x: number, i: number, frames: number): boolean =>
    Array.from({ length: frames }, (_, j) => x - 3 * (j - i)).some((at) => at > 50 && at < 110);

  for (const [name, format] of Object.entries({
    "4:2:0": FORMAT,
    "4:4:4, 10 bits": { ...FORMAT, chromaShiftX: 0 as const, chromaShiftY: 0 as const, bitDepth: 10 },
  })) {
    it(`takes what other frames show of it: ${name}`, async () => {
      const clip = cropped(20, pan, format);
      const out = await extended(clip, format);
      const beside = (x: number, i: number): boolean => (x < 40 || x >= 120) && isSeen(x, i, 20);
      const found = quality(clip, out, beside, format.bitDepth);
      assert.ok(found > 36, `${found} dB`);
    });
  }

  it("leaves the picture as it is but for its rim", async () => {
    const clip = cropped(12, pan);
    const out = await extended(clip);
    for (const [i, { frame, pts }] of out.entries()) {
      assert.equal(pts, clip[i]!.pts);
      const [own, source] = [frame.planes[0], clip[i]!.frame.planes[0]];
      for (let y = 0; y < 96; y++) {
        const row = own.data.subarray(y * own.stride + 46, y * own.stride + 114);
        assert.deepEqual(row, source.data.subarray(y * source.stride + 46, y * source.stride + 114));
      }
    }
  });

  it("does not boil where nothing is known", async () => {
    const clip = cropped(12, undefined, FORMAT, 2);
    const out = await extended(clip);
    let [squares, count] = [0, 0];
    for (let i = 1; i < out.length; i++) {
      const [own, before] = [out[i]!.frame.planes[0], out[i - 1]!.frame.planes[0]];
      for (let y = 0; y < 96; y++) {
        for (let x = 0; x < 30; x++) {
          squares += (own.data[y * own.stride + x]! - before.data[y * before.stride + x]!) ** 2;
          count++;
        }
      }
    }
    assert.ok(Math.sqrt(squares / count) < 0.7, `${Math.sqrt(squares / count)} levels`);
  });

  it("goes along with the camera where nothing is known, also where it leaves the first panorama", async () => {
    const picture = { x0: 0, y0: 28, x1: 160, y1: 68 };
    const object = (_x: number, y: number): boolean => y < picture.y0 || y >= picture.y1;
    const camera = (i: number): Homography => [1, 0, 8 * i, 0, 1, 0, 0, 0, 1];
    const clip = renderClip({ format: FORMAT, frames: 20, noise: 1, object, camera });
    const out: TimedFrame[] = [];
    const options = { window: 40, refine: false, seed: 1, threads: 2, beyond: picture };
    for await (const frame of removeObject(stream(clip), FORMAT, options)) out.push(frame);
    let [squares, texture, truth, count] = [0, 0, 0, 0];
    for (let i = 1; i < out.length; i++) {
      const [own, before] = [out[i]!.frame.planes[0], out[i - 1]!.frame.planes[0]];
      for (const y of [4, 10, 16, 20, 75, 80, 86, 92]) {
        for (let x = 12; x < 140; x++) {
          const at = y * own.stride + x;
          squares += (own.data[at]! - before.data[y * before.stride + x + 8]!) ** 2;
          texture += (own.data[at]! - own.data[at + 1]!) ** 2;
          truth += (clip[i]!.truth[0]![y * 160 + x]! - clip[i]!.truth[0]![y * 160 + x + 1]!) ** 2;
          count++;
        }
      }
    }
    const change = Math.sqrt(squares / count);
    assert.ok(change < 2, `${change} levels`);
    assert.ok(texture > 0.2 * truth, `${texture / truth} of the texture`);
  });

  it("goes on where the picture ends", async () => {
    const clip = cropped(3, undefined, FORMAT, 0);
    const out = await extended(clip);
    const { data, stride } = out[1]!.frame.planes[0];
    let [seam, usual] = [0, 0];
    for (let y = 0; y < 96; y++) {
      seam += Math.abs(data[y * stride + 39]! - data[y * stride + 40]!);
      usual += Math.abs(data[y * stride + 60]! - data[y * stride + 61]!);
    }
    assert.ok(seam < 1.6 * usual + 96, `${seam} at the seam, ${usual} elsewhere`);
  });

  it("gives the same with any number of threads", async () => {
    const clip = cropped(8, pan);
    const [one, three] = await Promise.all([extended(clip), extended(clip, FORMAT, 3)]);
    assert.deepEqual(one, three);
  });

  it("makes nothing of frames that show nothing", async () => {
    const clip = cropped(3);
    for (const { labels } of clip) labels.fill(REMOVE);
    assert.equal((await extended(clip)).length, 3);
  });
});

describe("a continuation", () => {
  const plane = (level: (x: number, y: number) => number, isKnown: (x: number, y: number) => boolean) => {
    const [width, height] = [60, 40];
    const known = new Uint8Array(width * height);
    const values = new Float32Array(width * height);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        known[y * width + x] = isKnown(x, y) ? 1 : 0;
        values[y * width + x] = isKnown(x, y) ? level(x, y) : 999;
      }
    }
    return { width, height, known, values };
  };
  const continued = (one: ReturnType<typeof plane>): void => continuePlanes(one, nearestKnown(one), [one.values]);

  it("of one level is that level", () => {
    const flat = plane(
      () => 77,
      (x, y) => x >= 20 && x < 30 && y >= 10 && y < 20,
    );
    continued(flat);
    assert.ok(flat.values.every((value) => Math.abs(value - 77) < 1e-3));
  });

  it("keeps what is known, and its order from top to bottom", () => {
    const bands = plane(
      (_x, y) => (y < 20 ? 200 : 50),
      (x) => x >= 20 && x < 40,
    );
    const before = bands.values.slice();
    continued(bands);
    for (let i = 0; i < before.length; i++) if (bands.known[i]) assert.equal(bands.values[i], before[i]);
    for (const x of [0, 10, 50, 59]) {
      assert.ok(bands.values[4 * 60 + x]! > 180, `${bands.values[4 * 60 + x]} above`);
      assert.ok(bands.values[36 * 60 + x]! < 70, `${bands.values[36 * 60 + x]} below`);
    }
  });

  it("of nothing is nothing", () => {
    const none = plane(
      () => 0,
      () => false,
    );
    continued(none);
    assert.ok(none.values.every((value) => value === 999));
  });
});
