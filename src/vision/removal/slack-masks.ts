/** Masks that mark more than the object: what they hide of the background is made use of. */
import type { WorkerPool } from "../../kernels/pool.ts";
import {
  AGREEMENT,
  type Agreement,
  type LoosenInput,
  type Slack,
  type SlackInput,
  slackOf,
} from "../completion/slack.ts";
import type { Layout } from "../frames/layout.ts";
import type { Held } from "../frames/window.ts";

const TIGHT: Slack = new Uint8Array(256);

/** One clip's. */
export class SlackMasks {
  readonly #pool: WorkerPool;
  readonly #layout: Layout;

  constructor(pool: WorkerPool, layout: Layout) {
    this.#pool = pool;
    this.#layout = layout;
  }

  /**
   * Measures how slack the masks of frames are whose holes have been looked up, and marks the object alone in all that are held.
   * @returns whether any show more than their masks say.
   */
  async look(held: readonly Held[], frames: readonly Held[]): Promise<boolean> {
    const layout = this.#layout;
    await Promise.all(
      frames.map(async (frame) => {
        const input: SlackInput = { layout, base: frame.base, hole: frame.hole! };
        frame.agreement = await this.#pool.run<Agreement>("measureSlack", input);
      }),
    );
    const scenes = new Map<Held["scene"], Agreement>();
    for (const { scene, agreement } of held) {
      const sum = scenes.get(scene) ?? new Int32Array(AGREEMENT);
      scenes.set(scene, agreement ? sum.map((count, i) => count + agreement[i]!) : sum);
    }
    const masked = held.flatMap(({ base, hole, agreement, scene }) => {
      return hole ? [{ base, hole, slack: slackOf(layout, agreement, scenes.get(scene)!) }] : [];
    });
    if (masked.every(({ slack }) => !slack)) return false;
    await Promise.all(
      masked.map(({ base, hole, slack = TIGHT }) => {
        const input: LoosenInput = { layout, base, hole, slack };
        return this.#pool.run("loosen", input);
      }),
    );
    return true;
  }
}
