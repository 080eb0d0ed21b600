/** Measures a removal against the truth and draws it beside its source. */
import { copyFile, link, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createWorkerPool } from "../src/media/worker-pool.ts";

/** Paths of the four clips; all of one size and length. */
export type Clips = { readonly source: string; readonly mask: string; readonly truth: string; readonly result: string };

/** Decibels over the luma of all masked pixels of all frames. */
export type Comparison = { readonly psnrBefore: number; readonly psnrAfter: number };

/** Leaves `before-after.png` in the folder: source above, result below, at three moments. */
export async function compare(clips: Clips, folder: string): Promise<Comparison> {
  const work = await mkdtemp(join(tmpdir(), "reshoot-compare-"));
  const pool = createWorkerPool({
    entry: new URL("./compare-worker.js", import.meta.url),
    size: 1,
    folder: work,
    limits: { workerBytes: 2 ** 31, jobSeconds: 600 },
  });
  try {
    await pool.start();
    const { signal } = new AbortController();
    const worker = await pool.acquire(signal);
    const staged = Object.entries(clips).map(async ([name, path]) => {
      const target = join(worker.inFolder, `${name}-${basename(path)}`);
      await link(path, target).catch(() => copyFile(path, target));
      return [name, target] as const;
    });
    const paths = Object.fromEntries(await Promise.all(staged));
    const quiet = { signal, onProgress: () => {}, onLog: () => {} };
    const result = await worker.run<Comparison>("compare", paths, quiet);
    await copyFile(join(worker.outFolder, "before-after.png"), join(folder, "before-after.png"));
    return result;
  } finally {
    await pool.stop();
    await rm(work, { recursive: true, force: true });
  }
}
