/** Scenes as files, rendered and encoded in a media worker. */
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createWorkerPool } from "../media/worker-pool.ts";
import type { SceneOptions } from "./scene.ts";
import type { SceneFiles } from "./worker.ts";

/** Where each file of a rendered scene lies. */
export type RenderedScene = { readonly source: string; readonly mask: string; readonly truth: string };

/**
 * Renders a scene into `source.mp4` (as a camera would deliver it), `mask.mp4` (VOID quadmask, lossless) and `truth.mp4`
 * (without the object, lossless).
 * @param folder must exist; absolute.
 */
export async function renderSceneFiles(scene: SceneOptions, folder: string): Promise<RenderedScene> {
  const work = await mkdtemp(join(tmpdir(), "reshoot-scene-"));
  const pool = createWorkerPool({
    entry: new URL("./worker.js", import.meta.url),
    size: 1,
    folder: work,
    limits: { workerBytes: 2 ** 31, jobSeconds: 600 },
  });
  try {
    await pool.start();
    const { signal } = new AbortController();
    const worker = await pool.acquire(signal);
    const quiet = { signal, onProgress: () => {}, onLog: () => {} };
    const names = await worker.run<SceneFiles>("renderScene", { scene }, quiet);
    const take = async (name: string): Promise<string> => {
      await copyFile(join(worker.outFolder, name), join(folder, name));
      return join(folder, name);
    };
    return { source: await take(names.source), mask: await take(names.mask), truth: await take(names.truth) };
  } finally {
    await pool.stop();
    await rm(work, { recursive: true, force: true });
  }
}
