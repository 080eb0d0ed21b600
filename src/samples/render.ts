/** Scenes as files, rendered and encoded in a media worker. */
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { withMediaWorker } from "../media/one-worker.ts";
import type { SceneOptions } from "./scene.ts";
import type { SceneFiles } from "./worker.ts";

/** Where each file of a rendered scene lies. */
export type RenderedScene = { readonly source: string; readonly mask: string; readonly truth: string };

/**
 * Renders a scene into `source.mp4` (as a camera would deliver it), `mask.mp4` (VOID quadmask, lossless) and `truth.mp4`
 * (without the object, lossless).
 * @param folder must exist; absolute.
 */
export function renderSceneFiles(scene: SceneOptions, folder: string): Promise<RenderedScene> {
  return withMediaWorker(new URL("./worker.js", import.meta.url), async ({ outFolder }, run) => {
    const names = await run<SceneFiles>("renderScene", { scene });
    const take = async (name: string): Promise<string> => {
      await copyFile(join(outFolder, name), join(folder, name));
      return join(folder, name);
    };
    return { source: await take(names.source), mask: await take(names.mask), truth: await take(names.truth) };
  });
}
