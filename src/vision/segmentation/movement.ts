/** Motion between two pictures as evidence of what is the object's. */
import { cameraMotion } from "./camera.ts";
import type { Picture } from "./picture.ts";
import type { Workspace } from "./workspace.ts";

/** Likelihood from which a guess is certain. */
export const SURE = 0.9;
/** Weight of moving otherwise than the object, and pixels by which it does at least. */
const OTHERWISE = 1.5;
const LEAST_OTHERWISE = 1.5;

/**
 * Motion as evidence, positive on the object: that of its own, where the clicked points have one; and against what moves
 * otherwise than those points, or than what is certain of a guess.
 * @param near another frame, shortly before or after `picture`. @param on indices of pixels that are clicked, or around clicks. @param off
 *   indices of those beside the object. @param guess how likely each pixel is the object's, 0 to 1.
 * @returns width * height values; undefined where nothing certain is known of the object.
 */
export function movementEvidence(
  workspace: Workspace,
  picture: Picture,
  near: Picture,
  on: readonly number[],
  off: readonly number[],
  guess: Float32Array | undefined,
): Float32Array | undefined {
  const { width, height } = picture;
  const sure = guess ? [...guess.keys()].filter((i) => guess[i]! > SURE) : [];
  // Clicks at the edge may show the background's motion.
  const known = sure.length > on.length ? sure : on;
  if (known.length === 0) return undefined;
  const flow = workspace.flow(picture, near);
  const camera = cameraMotion(workspace, flow);
  const out = new Float32Array(width * height);
  const [x, y] = [median(known.map((i) => flow.x[i]!)), median(known.map((i) => flow.y[i]!))];
  const spread = median(known.map((i) => Math.hypot(flow.x[i]! - x, flow.y[i]! - y)));
  const tolerance = Math.max(LEAST_OTHERWISE, 2.5 * spread, 3 * camera.spread);
  for (let i = 0; i < out.length; i++) {
    const away = Math.hypot(flow.x[i]! - x, flow.y[i]! - y) / tolerance;
    out[i] = -OTHERWISE * Math.max(0, Math.min(1, away - 1));
  }
  if (on.length === 0) return out;
  const own = workspace.mean(workspace.ownMotion(flow, camera), 1);
  const typical = median(on.map((i) => own[i]!));
  const least = Math.max(0.8, 3 * camera.spread);
  if (typical < least || (off.length > 0 && median(off.map((i) => own[i]!)) > 0.5 * typical)) return out;
  const threshold = Math.min(typical * 0.5, 2 * least);
  for (let i = 0; i < own.length; i++) out[i]! += 1.6 * Math.max(-1, Math.min(1, (own[i]! - threshold) / threshold));
  return out;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}
