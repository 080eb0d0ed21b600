/** Pictures whose motion is known, and flow between them, for tests. */
import { testMemory } from "../../kernels/kernels.test.memory.ts";
import { buildPyramid, computeFlow, enlargeFlow, markDisagreement } from "./flow.ts";
import { type FlowOptions, planFlow } from "./plan.ts";

/** A motion: where a point of the first picture lies in the second. */
export type Motion = (x: number, y: number) => readonly [x: number, y: number];

/** A texture without repetition and with detail at every scale, 0 to 255. */
export function texture(x: number, y: number, seed = 0): number {
  let value = 128;
  for (let octave = 0; octave < 4; octave++) {
    const f = 0.045 * 1.9 ** octave;
    const amplitude = 34 / 1.35 ** octave;
    value += amplitude * Math.sin(f * (x + 0.3 * y) + 1.7 * octave + seed + 2 * Math.sin(0.6 * f * y));
    value += amplitude * Math.cos(f * (1.1 * y - 0.4 * x) + 0.9 * octave + 3 * seed + 2 * Math.sin(0.7 * f * x));
  }
  return Math.min(255, Math.max(0, value));
}

/** A picture of `width * height` samples at `bitDepth`. */
export function picture(
  width: number,
  height: number,
  at: (x: number, y: number) => number,
  bitDepth = 8,
): Uint8Array | Uint16Array {
  const samples = bitDepth === 8 ? new Uint8Array(width * height) : new Uint16Array(width * height);
  const scale = 2 ** (bitDepth - 8);
  for (let i = 0; i < samples.length; i++) samples[i] = Math.round(at(i % width, Math.floor(i / width)) * scale);
  return samples;
}

/** What {@link flowBetween} found. */
export type Found = {
  readonly u: Float32Array;
  readonly v: Float32Array;
  /** Of the plan's finest level. */
  readonly wrong: Uint8Array;
  readonly level: { readonly width: number; readonly height: number };
};

/** Flow from one picture to another at full size. @param dirt what the kernels' memory is filled with before. */
export function flowBetween(
  first: Uint8Array | Uint16Array,
  second: Uint8Array | Uint16Array,
  { width, height, options, dirt = 0 }: { width: number; height: number; options: FlowOptions; dirt?: number },
): Found {
  const plan = planFlow(width, height, options);
  const level = plan.levels[plan.finest]!;
  const pixels = width * height;
  const total = 2 * (pixels * 2 + plan.pyramidBytes + plan.fieldBytes) + plan.scratchBytes + 9 * pixels;
  const { memory, kernels, arena, put } = testMemory(total + 65536);
  const luma = [put(first), put(second)] as const;
  const start = arena.take(0);
  new Uint8Array(memory.buffer).fill(dirt, start);
  const [a, b] = [arena.take(plan.pyramidBytes), arena.take(plan.pyramidBytes)];
  const [forward, backward] = [arena.take(plan.fieldBytes), arena.take(plan.fieldBytes)];
  const [full, target] = [arena.take(8 * pixels), arena.take(pixels)];
  const scratch = arena.take(plan.scratchBytes);
  const context = { kernels, memory, scratch: { start: scratch, end: scratch + plan.scratchBytes } };
  const bitDepth = first instanceof Uint8Array ? 8 : 10;
  buildPyramid(context, plan, { luma: luma[0], bitDepth }, a);
  buildPyramid(context, plan, { luma: luma[1], bitDepth }, b);
  computeFlow(context, plan, { from: a, to: b, target: forward });
  computeFlow(context, plan, { from: b, to: a, target: backward });
  enlargeFlow(context, plan, forward, full);
  markDisagreement(context, plan, { forward, backward, target });
  const field = new Float32Array(memory.buffer, full, 2 * pixels).slice();
  return {
    u: field.subarray(0, pixels),
    v: field.subarray(pixels),
    wrong: new Uint8Array(memory.buffer, target, level.width * level.height).slice(),
    level,
  };
}

/** Mean end-point error over the pixels that stay in the picture, in pixels. */
export function endPointError(found: Found, width: number, height: number, motion: Motion): number {
  let [sum, count] = [0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [tx, ty] = motion(x, y);
      if (tx < 0 || ty < 0 || tx > width - 1 || ty > height - 1) continue;
      const i = y * width + x;
      sum += Math.hypot(x + found.u[i]! - tx, y + found.v[i]! - ty);
      count++;
    }
  }
  return sum / count;
}
