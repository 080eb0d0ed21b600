/** Real clips for tests. They lie beside the checkout, are never part of it, and tests that need them skip without. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

const ROOT = resolve(process.cwd(), "..", "shared", "media");

/** Absolute path of a real test clip, for example `removal/or_gt_static.mp4`. */
export function sharedMedia(name: string): string {
  return join(ROOT, name);
}

/** For a test's `skip` option: false when the clips are there, else the reason. */
export const withoutSharedMedia: false | string = existsSync(ROOT)
  ? false
  : "the real test clips (../shared/media) are missing";
