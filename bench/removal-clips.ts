/** The clips that removal is measured on: scenes rendered here, and real ones with exact ground truth where they are there. */
import { DEMO_SCENE, type SceneOptions } from "../src/samples/scene.ts";
import { sharedMedia, withoutSharedMedia } from "../test/shared-media.ts";

/** Paths of a clip's parts. The mask has VOID's levels. */
export type ClipFiles = { readonly source: string; readonly mask: string; readonly truth: string };

/** 640x360, 60 frames; in `wet` the pavement mirrors the ball. */
export const SCENES: Readonly<Record<string, SceneOptions>> = {
  tripod: { ...DEMO_SCENE, frames: 60, shake: 0, pan: 0 },
  handheld: { ...DEMO_SCENE, frames: 60, shake: 2.5, pan: 0 },
  pan: { ...DEMO_SCENE, frames: 60, shake: 1, pan: 240 },
  wet: { ...DEMO_SCENE, frames: 60, shake: 1.5, pan: 0, reflection: 0.4 },
};

const REAL = ["static", "handheld", "pan", "rotzoom", "largehead"];

/** Those of named things that are wanted: all where `only` is empty. */
export function chosen<T>(things: Readonly<Record<string, T>>, only: readonly string[]): [string, T][] {
  return Object.entries(things).filter(([name]) => only.length === 0 || only.includes(name));
}

/** The real clips by name, 640x360; none where they don't lie beside the checkout. */
export function realClips(): Record<string, ClipFiles> {
  const files = (name: string): ClipFiles => {
    const part = (suffix: string): string => sharedMedia(`removal/${name}${suffix}.mp4`);
    return { source: part(""), mask: part("_mask_void"), truth: part("_gt") };
  };
  const names = withoutSharedMedia ? [] : REAL.map((clip) => `or_gt_${clip}`);
  return Object.fromEntries(names.map((name) => [name, files(name)]));
}
