/** The media that the playground's examples use: a small scene with its masks and stills, and two tunes. */
import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { withMediaWorker } from "../media/one-worker.ts";
import type { SceneOptions } from "./scene.ts";
import { BASS, MELODY, renderWav } from "./tones.ts";

/** Small, so that an example is done within seconds. */
export const SAMPLE_SCENE: SceneOptions = {
  width: 480,
  height: 270,
  frames: 48,
  shake: 1.6,
  pan: 40,
  noise: 1,
  seed: 11,
};

/**
 * Leaves `ball.mp4`, `ball-quadmask.mp4` (0 ball, 127 shadow, 255 keep), `ball-mask.mp4` (white where either is),
 * `first.png` and `last.png` (without and with the ball), `mask.png` (of `last.png`), `melody.wav` and `bass.wav`.
 * @param folder must exist; absolute.
 */
export async function renderSamples(folder: string): Promise<void> {
  await withMediaWorker(new URL("./worker.js", import.meta.url), async ({ outFolder }, run) => {
    const names = await run<readonly string[]>("renderSamples", { scene: SAMPLE_SCENE });
    for (const name of names) await copyFile(join(outFolder, name), join(folder, name));
  });
  await writeFile(join(folder, "melody.wav"), renderWav(MELODY));
  await writeFile(join(folder, "bass.wav"), renderWav(BASS));
}
