/** A server for the media tests, and the hostile files that lead to places next to it. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Bomb, bombs, PICTURE } from "./bombs.ts";
import { yuv4mpeg } from "./boxes.ts";
import { startTarget, startTrap, type Target } from "./server.ts";

/** A server under attack. */
export type Siege = {
  readonly target: Target;
  readonly hostile: readonly Bomb[];
  /** Fails when the server or its runner ever died, or anything was led to the trap. */
  end(): Promise<void>;
};

/** Starts the server, with inputs of at most a minute, and a trap beside it. */
export async function startSiege(): Promise<Siege> {
  const [target, trap] = await Promise.all([startTarget("--max-input-seconds=60"), startTrap()]);
  // Playable, so that whatever opens it succeeds and is found out.
  const [file, picture] = [join(target.folder, "lure.y4m"), join(target.folder, "lure.png")];
  await writeFile(file, yuv4mpeg());
  await writeFile(picture, PICTURE);
  return {
    target,
    hostile: bombs({ file, picture, url: trap.origin }),
    async end() {
      await target.assertHealthy();
      assert.deepEqual(trap.hits(), []);
      await Promise.all([target.close(), trap.close()]);
    },
  };
}
