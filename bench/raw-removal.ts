/** Removal called on frames as they are: nothing is decoded or encoded. */
import type { Frame, FrameFormat } from "../src/media/frame.ts";
import { labelTable } from "../src/vision/mask.ts";
import { removeObject } from "../src/vision/removal/remove-object.ts";

/** The default of VOID's `num_frames`. */
const WINDOW = 85;

const LABELS = labelTable("void");

/** The labels that VOID's full-range levels stand for. */
export function labelsOf(levels: ArrayLike<number>): Uint8Array {
  return Uint8Array.from(levels, (level) => LABELS[level]!);
}

/** The frames without what their labels (of src/vision/mask.ts, a byte a luma pixel) say. */
export async function removed(
  frames: readonly { readonly frame: Frame; readonly labels: Uint8Array }[],
  format: FrameFormat,
  refine: boolean,
): Promise<Frame[]> {
  async function* timed() {
    for (const [i, frame] of frames.entries()) yield { pts: BigInt(i), ...frame };
  }
  const out: Frame[] = [];
  for await (const { frame } of removeObject(timed(), format, { window: WINDOW, refine, seed: 1, threads: 2 }))
    out.push(frame);
  return out;
}
