/** Measures a removal against the truth and draws it beside its source. */
import { copyFile, link } from "node:fs/promises";
import { basename, join } from "node:path";
import { withMediaWorker } from "../src/media/one-worker.ts";

/** Paths of the four clips; all of one size and length. */
export type Clips = { readonly source: string; readonly mask: string; readonly truth: string; readonly result: string };

/** Decibels over the luma of all masked pixels of all frames. */
export type Comparison = { readonly psnrBefore: number; readonly psnrAfter: number };

/** Leaves `before-after.png` in the folder: source above, result below, at three moments. */
export function compare(clips: Clips, folder: string): Promise<Comparison> {
  return withMediaWorker(new URL("./compare-worker.js", import.meta.url), async ({ inFolder, outFolder }, run) => {
    const staged = Object.entries(clips).map(async ([name, path]) => {
      const target = join(inFolder, `${name}-${basename(path)}`);
      await link(path, target).catch(() => copyFile(path, target));
      return [name, target] as const;
    });
    const result = await run<Comparison>("compare", Object.fromEntries(await Promise.all(staged)));
    await copyFile(join(outFolder, "before-after.png"), join(folder, "before-after.png"));
    return result;
  });
}
