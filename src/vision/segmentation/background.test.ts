import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findDepartures } from "./background.ts";
import { UNKNOWN } from "./depart.ts";
import type { Picture } from "./picture.ts";
import { blendStandingOut, evidenceOf, standingOut } from "./standing-out.ts";
import type { Clip } from "./track.ts";

const [WIDTH, HEIGHT, FRAMES, SIDE] = [160, 90, 30, 14];
/** Pixels a frame that the camera and the object move. */
const [CAMERA, OBJECT] = [2, 3];

const objectX = (frame: number): number => 20 + OBJECT * frame;

function isObject(frame: number, i: number): boolean {
  const [x, y] = [i % WIDTH, Math.floor(i / WIDTH)];
  return x >= objectX(frame) && x < objectX(frame) + SIDE && y >= 40 && y < 40 + SIDE;
}

/** A camera that pans over a smooth pattern, before which a square moves. */
const clip: Clip = {
  frameCount: FRAMES,
  width: WIDTH,
  height: HEIGHT,
  picture(frame): Picture {
    const planes = [0, 1, 2].map((plane) =>
      Uint8Array.from({ length: WIDTH * HEIGHT }, (_, i) => {
        if (isObject(frame, i)) return [220, 90, 160][plane]!;
        const [x, y] = [(i % WIDTH) + CAMERA * frame, Math.floor(i / WIDTH)];
        const wave = Math.sin(x / 7) * Math.cos(y / 5) + Math.sin((x + 2 * y) / 13);
        return plane === 0 ? 100 + 35 * wave : 128 + 4 * wave;
      }),
    );
    return { width: WIDTH, height: HEIGHT, y: planes[0]!, u: planes[1]!, v: planes[2]! };
  },
};

const OPTIONS = {
  format: { width: WIDTH, height: HEIGHT, chromaShiftX: 0, chromaShiftY: 0, bitDepth: 8, fullRange: false },
  rate: 10,
  turn: async () => undefined,
} as const;

async function departuresOf(threads: number, of: Clip = clip): Promise<Map<number, Uint8Array>> {
  const found = new Map<number, Uint8Array>();
  await findDepartures(of, { ...OPTIONS, threads, put: (frame, departure) => found.set(frame, departure) });
  return found;
}

describe("departures from other frames", () => {
  it("tell what moves from what the camera passes, the same for any number of threads", async () => {
    const found = await departuresOf(1);
    assert.equal(found.size, FRAMES);
    for (const frame of [8, 15, 22]) {
      const departure = found.get(frame)!;
      let [own, hits, other, strays] = [0, 0, 0, 0];
      for (let i = 0; i < departure.length; i++) {
        if (departure[i] === UNKNOWN) continue;
        if (isObject(frame, i)) {
          own++;
          if (departure[i]! > 20) hits++;
        } else {
          other++;
          if (departure[i]! > 10) strays++;
        }
      }
      assert.ok(own > 0.9 * SIDE * SIDE && hits > 0.9 * own, `frame ${frame}: ${hits} of ${own}`);
      assert.ok(strays < 0.02 * other, `frame ${frame}: ${strays} strays of ${other}`);
    }
    const again = await departuresOf(2);
    for (const [frame, departure] of found) assert.deepEqual(again.get(frame), departure);
  });

  it("are not looked for where there is nothing to compare with", async () => {
    assert.equal((await departuresOf(1, { ...clip, frameCount: 3 })).size, 0);
  });

  it("stop with what the turn throws", async () => {
    const reason = new Error("enough");
    const turn = async (): Promise<void> => {
      throw reason;
    };
    await assert.rejects(findDepartures(clip, { ...OPTIONS, threads: 1, turn, put: () => undefined }), reason);
  });
});

describe("standing out", () => {
  const pixels = WIDTH * HEIGHT;
  const mask = Float32Array.from({ length: pixels }, (_, i) => (isObject(10, i) ? 1 : 0));
  const withLevels = (own: number, around: number): Picture => ({
    ...clip.picture(10),
    departure: Uint8Array.from({ length: pixels }, (_, i) => (isObject(10, i) ? own : around) + (i % 3)),
  });

  it("speaks for what departs as the object does, and against what does not", () => {
    const evidence = evidenceOf(standingOut(withLevels(60, 1), mask)!);
    assert.ok(evidence[61]! > 2 && evidence[1]! < -2, `${evidence[61]}, ${evidence[1]}`);
    assert.equal(evidence[UNKNOWN], 0);
  });

  it("says nothing of an object that does not stand out, or of which nothing is known", () => {
    assert.ok(evidenceOf(standingOut(withLevels(2, 2), mask)!).every((value) => value === 0));
    assert.equal(standingOut(clip.picture(10), mask), undefined);
    assert.equal(standingOut(withLevels(60, 1), new Float32Array(pixels)), undefined);
    assert.equal(
      standingOut({ ...withLevels(0, 0), departure: new Uint8Array(pixels).fill(UNKNOWN) }, mask),
      undefined,
    );
  });

  it("is learnt little by little", () => {
    const [before, now] = [standingOut(withLevels(60, 1), mask)!, standingOut(withLevels(2, 2), mask)!];
    assert.equal(blendStandingOut(undefined, now, 0.1), now);
    assert.equal(blendStandingOut(before, undefined, 0.1), before);
    assert.ok(evidenceOf(blendStandingOut(before, now, 0.1)!)[61]! > 1);
    assert.ok(evidenceOf(blendStandingOut(before, now, 1)!).every((value) => value === 0));
  });
});
