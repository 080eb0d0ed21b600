import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Frame, FrameFormat, Plane } from "../../media/frame.ts";
import type { Effort } from "../../operations/frames.ts";
import { picture, texture } from "../flow/flow.test.pictures.ts";
import { interpolate } from "./interpolate.ts";

const FORMAT: FrameFormat = {
  width: 160,
  height: 96,
  chromaShiftX: 1,
  chromaShiftY: 1,
  bitDepth: 8,
  fullRange: false,
};

type Scene = (x: number, y: number) => number;

/** A picture of a scene: luma, and the same half as bright as both chroma planes. */
function film(scene: Scene, { width, height, chromaShiftX, chromaShiftY, bitDepth }: FrameFormat): Frame {
  const plane = (shiftX: number, shiftY: number, at: Scene): Plane => {
    const [w, h] = [(width + (1 << shiftX) - 1) >> shiftX, (height + (1 << shiftY) - 1) >> shiftY];
    return { data: picture(w, h, at, bitDepth), width: w, height: h, stride: w };
  };
  const chroma = plane(chromaShiftX, chromaShiftY, (x, y) => 64 + scene(x << chromaShiftX, y << chromaShiftY) / 2);
  return { planes: [plane(0, 0, scene), chroma, chroma] };
}

async function* feed(frames: readonly Frame[]): AsyncGenerator<Frame> {
  yield* frames;
}

type Options = { format?: FrameFormat; between?: number; effort?: Effort; threads?: number; cuts?: number[] };

async function made(frames: readonly Frame[], options: Options = {}): Promise<Uint8Array[][]> {
  const { format = FORMAT, between = 1, effort = "best", threads = 2, cuts = [] } = options;
  const result: Uint8Array[][] = [];
  const onCut = (frame: number) => cuts.push(frame);
  for await (const { planes } of interpolate(feed(frames), format, { between, effort, threads, onCut })) {
    result.push(planes.map(({ data }) => data.slice() as Uint8Array));
  }
  return result;
}

function psnr(a: Uint8Array, b: Uint8Array | Uint16Array, highest = 255): number {
  const squares = a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0);
  return 10 * Math.log10(highest ** 2 / (squares / a.length + 1e-9));
}

/** A camera that turns and slides; `t` in frames. */
const pan =
  (t: number): Scene =>
  (x, y) => {
    const [c, s] = [Math.cos(0.01 * t), Math.sin(0.01 * t)];
    return texture(c * x - s * y + 3.3 * t, s * x + c * y - 1.2 * t);
  };

describe("interpolation", () => {
  for (const between of [0, 1, 3, 15]) {
    it(`makes m + (m - 1) * ${between} frames, among them the source's own`, async () => {
      for (const m of [1, 2, 3, 7]) {
        const frames = Array.from({ length: m }, (_, t) => film(pan(t), { ...FORMAT, width: 48, height: 32 }));
        const result = await made(frames, { between, format: { ...FORMAT, width: 48, height: 32 } });
        assert.equal(result.length, m + (m - 1) * between);
        for (const [t, { planes }] of frames.entries()) {
          assert.deepEqual(
            result[t * (between + 1)],
            planes.map(({ data }) => data),
          );
        }
      }
    });
  }

  for (const [effort, floor] of [
    ["best", 38],
    ["draft", 30],
  ] as const) {
    it(`puts frames where a moving camera would have taken them (${effort})`, async () => {
      const frames = [0, 1, 2, 3].map((t) => film(pan(t), FORMAT));
      const result = await made(frames, { between: 3, effort });
      for (const k of [1, 2, 3, 5, 6, 7]) {
        const [y, u] = film(pan(k / 4), FORMAT).planes;
        assert.ok(psnr(result[k]![0]!, y.data) > floor, `${k}: ${psnr(result[k]![0]!, y.data)}`);
        assert.ok(psnr(result[k]![1]!, u.data) > floor, `chroma ${k}: ${psnr(result[k]![1]!, u.data)}`);
      }
    });
  }

  it("keeps an object apart from what it passes", async () => {
    const disc = (t: number): Frame =>
      film((x, y) => {
        const moved = 30 + 9 * t;
        return Math.hypot(x - moved, y - 48) < 20 ? texture(3 * (x - moved), 3 * y, 5) : texture(x, y);
      }, FORMAT);
    const result = await made([0, 1, 2, 3].map(disc));
    const [before, truth, after] = [1, 1.5, 2].map((t) => disc(t).planes[0].data as Uint8Array);
    const faded = before!.map((value, i) => (value + after![i]!) / 2);
    const [quality, ghost] = [psnr(result[3]![0]!, truth!), psnr(faded, truth!)];
    assert.ok(quality > 28 && quality > ghost + 6, `${quality} ${ghost}`);
  });

  it("follows motion that speeds up", async () => {
    const place = (t: number): number => 2 * t + 0.9 * t * t;
    const at = (moved: number): Frame => film((x, y) => texture(x + moved, y), FORMAT);
    const result = await made([0, 1, 2, 3].map((t) => at(place(t))));
    const against = (moved: number): number => psnr(result[3]![0]!, at(moved).planes[0].data);
    const halfWay = (place(1) + place(2)) / 2;
    assert.ok(against(place(1.5)) > against(halfWay) + 3, `${against(place(1.5))} ${against(halfWay)}`);
  });

  it("repeats the nearer frame across a cut, and says where", async () => {
    const frames = [
      ...[0, 1, 2].map((t) => film(pan(t), FORMAT)),
      ...[0, 1].map((t) => film((x, y) => texture(2 * y - 3 * t, 1.7 * x + 40, 9), FORMAT)),
    ];
    const cuts: number[] = [];
    const result = await made(frames, { between: 3, cuts });
    assert.deepEqual(cuts, [3]);
    for (const [k, source] of [
      [9, 2],
      [10, 3],
      [11, 3],
    ] as const) {
      assert.deepEqual(
        result[k],
        frames[source]!.planes.map(({ data }) => data),
      );
    }
  });

  for (const [format, name] of [
    [{ ...FORMAT, chromaShiftY: 0, bitDepth: 10 }, "4:2:2, 10 bits"],
    [{ ...FORMAT, width: 161, height: 97, chromaShiftX: 0, chromaShiftY: 0 }, "4:4:4 of odd size"],
    [{ ...FORMAT, width: 161, height: 97 }, "4:2:0 of odd size"],
    [{ ...FORMAT, width: 161, height: 97, bitDepth: 12 }, "4:2:0 of odd size, 12 bits"],
  ] as const) {
    it(`keeps ${name}`, async () => {
      const frames = [0, 1, 2].map((t) => film(pan(t), format));
      const result = await made(frames, { format });
      const truth = film(pan(0.5), format).planes;
      for (const [i, { data }] of truth.entries()) {
        assert.equal(result[1]![i]!.length, data.length);
        const quality = psnr(result[1]![i]!, data, 2 ** format.bitDepth - 1);
        assert.ok(quality > 36, `${i}: ${quality}`);
      }
    });
  }

  for (const [width, height] of [
    [1, 1],
    [2, 9],
    [33, 3],
  ] as const) {
    it(`takes ${width}x${height}`, async () => {
      const format = { ...FORMAT, width, height };
      const frames = [0, 1, 2].map((t) => film(pan(t), format));
      for (const effort of ["best", "draft"] as const) {
        assert.equal((await made(frames, { format, between: 3, effort })).length, 9);
      }
    });
  }

  it("gives the same bytes with any number of threads", async () => {
    const frames = [0, 1, 2, 3, 4].map((t) => film(pan(t), FORMAT));
    for (const effort of ["best", "draft"] as const) {
      const one = await made(frames, { between: 2, threads: 1, effort });
      assert.deepEqual(await made(frames, { between: 2, threads: 3, effort }), one);
    }
  });

  it("stops when told to, with the reason", async () => {
    const controller = new AbortController();
    const source = async function* (): AsyncGenerator<Frame> {
      for (let t = 0; ; t++) yield film(pan(t), FORMAT);
    };
    const options = { between: 1, effort: "best", threads: 1, signal: controller.signal } as const;
    let count = 0;
    await assert.rejects(async () => {
      for await (const _ of interpolate(source(), FORMAT, options)) {
        if (++count === 3) controller.abort(new Error("enough"));
      }
    }, /enough/);
    assert.equal(count, 3);
  });
});
