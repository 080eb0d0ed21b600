/** Where a vessel's box lies from frame to frame. */
import { shared } from "./detect.ts";
import type { Kind } from "./kind.ts";
import { meanWhere } from "./measure.ts";
import { type Box, boxOf, grow, type Picture } from "./picture.ts";
import { completeVessel } from "./vessel.ts";
import type { Flow } from "./workspace.ts";

/** Frames between two on which a vessel's box is looked for, and share of area that it and the mask's have in common at least. */
const STEP = 6;
const SHARE = 0.5;
/** Pixels a frame by which what belongs to a vessel may move otherwise than it on the whole. */
const MOTION = 0.8;

/** A vessel's box, which is looked for now and then and moves with the vessel in between. */
export class VesselBox {
  readonly #kind: Kind;
  #frames = 0;
  #box: Box | undefined;

  constructor(kind: Kind) {
    this.#kind = kind;
  }

  /** Completes the vessel's mask, 0 to 1, inside its box on the next frame; hands stay what they are. @param shape of the mask as it was carried there. */
  complete(picture: Picture, flow: Flow, shape: Float32Array, mask: Float32Array): void {
    const { width, height } = picture;
    const [x, y] = [meanWhere(flow.x, shape), meanWhere(flow.y, shape)];
    if (this.#frames++ % STEP === 0) {
      const own = boxOf(mask, width, height, 0.5);
      const found = this.#kind.find(picture).find(({ box }) => own && shared(box, own) > SHARE);
      this.#box = found?.box;
    } else if (this.#box) {
      const { x0, y0, x1, y1 } = this.#box;
      this.#box = { x0: x0 - x, y0: y0 - y, x1: x1 - x, y1: y1 - y };
    }
    if (!this.#box) return;
    const { x0, y0, x1, y1 } = this.#box;
    const whole = { x0: Math.round(x0), y0: Math.round(y0), x1: Math.round(x1), y1: Math.round(y1) };
    const box = grow(whole, 0, width, height);
    const allows = (i: number): boolean => Math.hypot(flow.x[i]! - x, flow.y[i]! - y) < MOTION;
    if (box.x1 > box.x0 && box.y1 > box.y0) completeVessel(mask, width, box, allows);
  }
}
