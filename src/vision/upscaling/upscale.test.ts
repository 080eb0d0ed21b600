import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { noiseBytes } from "../../kernels/kernels.test.memory.ts";
import type { Frame, FrameFormat, Plane, TimedFrame } from "../../media/frame.ts";
import { lanczosFilter } from "./filter.ts";
import { type Net, readNets } from "./net.ts";
import { enlargedSize, passesFor } from "./sizes.ts";
import { netsBetween, STRENGTHS, Strength } from "./strength.ts";
import { enlargedFormat, upscale } from "./upscale.ts";

const FORMAT: FrameFormat = {
  width: 36,
  height: 70,
  chromaShiftX: 1,
  chromaShiftY: 1,
  bitDepth: 8,
  fullRange: false,
};
const CHROMA = { x: 0.25, y: 0.5 };

function plane(width: number, height: number, bitDepth: number, value: (i: number) => number): Plane {
  const data = bitDepth > 8 ? new Uint16Array(width * height) : new Uint8Array(width * height);
  for (let i = 0; i < data.length; i++) data[i] = value(i);
  return { data, width, height, stride: width };
}

function picture({ width, height, bitDepth, chromaShiftX, chromaShiftY }: FrameFormat, seed: number): Frame {
  const depth = 2 ** (bitDepth - 8);
  const [w, h] = [width >> chromaShiftX, height >> chromaShiftY];
  const noise = noiseBytes(width * height, seed);
  const part = (w: number, h: number) => plane(w, h, bitDepth, (i) => noise[i]! * depth);
  return { planes: [part(width, height), part(w, h), part(w, h)] };
}

async function run(
  format: FrameFormat,
  frames: readonly Frame[],
  scale: number,
  threads: number,
  quantiser?: number,
): Promise<Frame[]> {
  async function* feed(): AsyncGenerator<TimedFrame> {
    for (const [i, frame] of frames.entries()) yield { frame, pts: BigInt(i), quantiser };
  }
  const results: Frame[] = [];
  for await (const { frame, pts } of upscale(feed(), format, { scale, threads, chromaSite: CHROMA })) {
    assert.equal(pts, BigInt(results.length));
    const [y, u, v] = frame.planes.map((one) => ({ ...one, data: one.data.slice() }));
    results.push({ planes: [y!, u!, v!] });
  }
  return results;
}

const SCENE: FrameFormat = { ...FORMAT, width: 96, height: 64 };

/** Rings of many widths, as a sensor whose pixels gather light sees them, moved by `shift` pixels of a picture 96 wide. */
function scene(format: FrameFormat, shift: number): Frame {
  const { width, height } = format;
  const pixel = 96 / width;
  const PARTS = 8;
  const luma = plane(width, height, 8, (i) => {
    const [x, y] = [(i % width) * pixel, Math.floor(i / width) * pixel];
    let sum = 0;
    for (let k = 0; k < PARTS * PARTS; k++) {
      const across = x + (((k % PARTS) + 0.5) / PARTS) * pixel - shift - 30;
      const down = y + ((Math.floor(k / PARTS) + 0.5) / PARTS) * pixel - shift / 2 - 20;
      sum += Math.cos((across ** 2 + down ** 2) / 40) + 0.4 * Math.sin(across / 3 + down / 5);
    }
    return Math.round(128 + (60 * sum) / PARTS ** 2);
  });
  const grey = plane(width / 2, height / 2, 8, () => 128);
  return { planes: [luma, grey, grey] };
}

/** Of luma, a tenth of each side left out. */
function psnr(result: Frame, truth: Frame): number {
  const { data, width, height } = truth.planes[0];
  let [squares, count] = [0, 0];
  for (let y = Math.round(height / 10); y < (9 * height) / 10; y++) {
    for (let x = Math.round(width / 10); x < (9 * width) / 10; x++) {
      squares += (result.planes[0].data[y * width + x]! - data[y * width + x]!) ** 2;
      count++;
    }
  }
  return 10 * Math.log10(255 ** 2 / (squares / count));
}

/** The net as it was trained, in floats, edges repeated. */
function reference({ layers, linear }: Net, source: Plane): Float64Array {
  const { width, height, data } = source;
  const reach = layers.length + 1;
  type Map = { w: number; h: number; channels: Float64Array[] };
  const padded: Map = { w: width + 2 * reach, h: height + 2 * reach, channels: [new Float64Array()] };
  padded.channels[0] = Float64Array.from({ length: padded.w * padded.h }, (_, i) => {
    const x = Math.min(width - 1, Math.max(0, (i % padded.w) - reach));
    const y = Math.min(height - 1, Math.max(0, Math.floor(i / padded.w) - reach));
    return data[y * width + x]! / 255;
  });
  const convolve = (map: Map, kernel: Float32Array, outputs: number, size: number): Map => {
    const [w, h, inputs] = [map.w - size + 1, map.h - size + 1, map.channels.length];
    const channels = Array.from({ length: outputs }, (_, o) =>
      Float64Array.from({ length: w * h }, (_, i) => {
        let sum = 0;
        for (let c = 0; c < inputs; c++) {
          for (let k = 0; k < size * size; k++) {
            const at = (Math.floor(i / w) + Math.floor(k / size)) * map.w + (i % w) + (k % size);
            sum += kernel[(o * inputs + c) * size * size + k]! * map.channels[c]![at]!;
          }
        }
        return sum;
      }),
    );
    return { w, h, channels };
  };
  let features = padded;
  for (const [i, { kernel, bias, outputs, size }] of layers.entries()) {
    features = convolve(features, kernel, outputs, size);
    for (const [o, channel] of features.channels.entries()) {
      for (let k = 0; k < channel.length; k++) {
        const value = channel[k]! + bias[o]!;
        channel[k] = i < layers.length - 1 ? Math.max(0, value) : value;
      }
    }
  }
  const base = convolve(padded, linear, 4, 5);
  const margin = (base.w - width) / 2;
  return Float64Array.from({ length: 4 * width * height }, (_, i) => {
    const [x, y] = [i % (2 * width), Math.floor(i / (2 * width))];
    const phase = 2 * (y & 1) + (x & 1);
    const [px, py] = [x >> 1, y >> 1];
    const line = base.channels[phase]![(py + margin) * base.w + px + margin]!;
    return 255 * (line + features.channels[phase]![py * width + px]!);
  });
}

describe("sizes", () => {
  it("are whole, and even where chroma is subsampled", () => {
    const at = (width: number, height: number, shiftX: 0 | 1 | 2, shiftY: 0 | 1, scale: number) =>
      Object.values(enlargedSize({ ...FORMAT, width, height, chromaShiftX: shiftX, chromaShiftY: shiftY }, scale));
    assert.deepEqual(at(853, 481, 0, 0, 1.5), [1280, 722]);
    assert.deepEqual(at(853, 481, 1, 1, 1.5), [1280, 722]);
    assert.deepEqual(at(853, 481, 1, 1, 1), [853, 481]);
    assert.deepEqual(at(98, 62, 1, 0, 1.5), [148, 93]);
    assert.deepEqual(at(640, 360, 1, 1, 8), [5120, 2880]);
  });

  it("are reached by as few doublings as can be", () => {
    const passes = (scale: number) => passesFor(FORMAT, enlargedSize(FORMAT, scale));
    assert.deepEqual([1.1, 2, 2.5, 4, 8].map(passes), [1, 1, 2, 2, 3]);
  });
});

describe("resampling filters", () => {
  it("keep flat parts, and ramps where they shift", () => {
    for (const [from, to, centre] of [
      [10, 37, 0.5],
      [64, 40, 0.25],
      [9, 9, 0.5],
    ] as const) {
      const { taps, starts, weights } = lanczosFilter(from, to, centre, 2);
      for (let i = 0; i < to; i++) {
        const own = [...weights.subarray(i * taps, (i + 1) * taps)];
        assert.equal(
          own.reduce((a, b) => a + b, 0),
          16384,
        );
        const place = own.reduce((sum, w, k) => sum + w * (starts[i]! + k), 0) / 16384;
        assert.ok(Math.abs(place - ((i + centre) * (from / to) - centre)) < 0.1);
      }
    }
  });
});

describe("the strength of compression", () => {
  it("is none where nothing is said, grows with the quantiser, and never jumps", () => {
    const following = (quantiser: number | undefined) => new Strength().next(quantiser);
    assert.deepEqual([undefined, 0, 10].map(following), [0, 0, 0]);
    assert.equal(following(60), STRENGTHS - 1);
    const strength = new Strength();
    let last = strength.next(10);
    for (let i = 0; i < 60; i++) {
      const next = strength.next(60);
      assert.ok(next - last >= 0 && next - last <= 2, `from ${last} to ${next}`);
      last = next;
    }
    assert.equal(last, STRENGTHS - 1);
  });
});

describe("upscaling", () => {
  for (const [quantiser, strength] of [
    [undefined, 0],
    [40, 5],
  ] as const) {
    it(`computes the net that was trained, to the level, at every pixel, at a quantiser of ${quantiser}`, async () => {
      const source = picture(FORMAT, 3);
      const [result] = await run(FORMAT, [source], 2, 1, quantiser);
      // Weights for damaged pictures are larger, and rounded more coarsely.
      const most = strength === 0 ? 0.75 : 1;
      const expected = reference(netsBetween(readNets())[strength]!, source.planes[0]);
      const { data } = result!.planes[0];
      assert.equal(data.length, expected.length);
      for (const [i, value] of expected.entries()) {
        const off = Math.abs(data[i]! - Math.min(255, Math.max(0, value)));
        assert.ok(off < most, `${data[i]} for ${value} at ${i}`);
      }
    });
  }

  for (const bitDepth of [8, 10]) {
    for (const scale of [1.3, 2, 3.7, 8]) {
      it(`leaves flat ${bitDepth}-bit pictures flat at a scale of ${scale}`, async () => {
        const format = { ...FORMAT, bitDepth };
        const most = 2 ** bitDepth - 1;
        const flat = (level: number): Frame => ({
          planes: [
            plane(36, 70, bitDepth, () => level),
            plane(18, 35, bitDepth, () => most - level),
            plane(18, 35, bitDepth, () => level),
          ],
        });
        const levels = [0, most >> 3, most >> 1, most];
        const results = await run(format, levels.map(flat), scale, 2, 30);
        const { width } = enlargedFormat(format, scale);
        for (const [i, level] of levels.entries()) {
          const [y, u, v] = results[i]!.planes;
          assert.equal(y.width, width);
          assert.ok(y.data.every((value) => value === level));
          assert.ok(u.data.every((value) => value === most - level));
          assert.ok(v.data.every((value) => value === level));
        }
      });
    }
  }

  it("gives the same bytes with any number of threads, and of what stands still the same picture", async () => {
    const frames = [
      ...[0, 0.5, 1].map((shift) => scene(SCENE, shift)),
      ...[7, 7, 7].map((shift) => scene(SCENE, shift)),
    ];
    const [one, three] = [await run(SCENE, frames, 3, 1), await run(SCENE, frames, 3, 3)];
    assert.deepEqual(one, three);
    assert.deepEqual(one[4], one[5]);
    assert.notDeepEqual(one[0], one[1]);
  });

  it("takes detail from neighbours that show the same thing", async () => {
    const frames = [0, 0.45, 0.95].map((shift) => scene(SCENE, shift));
    const truth = scene({ ...SCENE, width: 2 * SCENE.width, height: 2 * SCENE.height }, 0.45);
    const [alone] = await run(SCENE, [frames[1]!], 2, 1);
    const [, together] = await run(SCENE, frames, 2, 1);
    const [before, after] = [alone!, together!].map((frame) => psnr(frame, truth));
    assert.ok(after! > before! + 0.5, `${before} dB alone, ${after} dB together`);
  });

  it("takes nothing from another scene", async () => {
    const frames = [picture(SCENE, 1), scene(SCENE, 0), picture(SCENE, 2)];
    const [alone] = await run(SCENE, [frames[1]!], 2, 1);
    const [, between] = await run(SCENE, frames, 2, 1);
    assert.deepEqual(between, alone);
  });

  it("stops when it is told to, with the reason", async () => {
    const abort = new AbortController();
    async function* endless(): AsyncGenerator<TimedFrame> {
      for (let pts = 0n; ; pts++) yield { frame: picture(FORMAT, 1), pts };
    }
    const options = { scale: 2, threads: 2, chromaSite: CHROMA, signal: abort.signal };
    let count = 0;
    await assert.rejects(async () => {
      for await (const _ of upscale(endless(), FORMAT, options)) if (++count === 3) abort.abort(new Error("enough"));
    }, /enough/);
  });

  it("refuses frames of another size", async () => {
    await assert.rejects(run(FORMAT, [picture({ ...FORMAT, width: 40 }, 1)], 2, 1), RangeError);
  });
});
