/** What lies beyond the picture and no frame shows: panoramas of the scene under way, and frames filled from them. */

import { type FrameMemory, SPARE_SLOTS } from "../frames/frame-memory.ts";
import type { Layout } from "../frames/layout.ts";
import type { Held, Window } from "../frames/window.ts";
import type { PanoramaInput } from "../panorama/panorama.ts";
import { type PanoramaSource, type PanoramaView, panoramaView, showing } from "../panorama/panorama-view.ts";

/** A panorama in memory. The key frame may have left it: only its place in the scene counts. */
type Panorama = { readonly base: number; readonly view: PanoramaView; readonly key: Held };

/** Takes the frames of a clip in order of time. */
export class BeyondPicture {
  readonly #memory: FrameMemory;
  readonly #layout: Layout;
  #scene: Held["scene"];
  #panoramas: Panorama[] = [];

  constructor(memory: FrameMemory, layout: Layout) {
    this.#memory = memory;
    this.#layout = layout;
  }

  /** Fills what is UNSEEN in a frame; makes a panorama around it where those that there are do not show all of that. */
  async fill(window: Window, frame: Held): Promise<void> {
    if (frame.scene !== this.#scene) {
      for (const { base } of this.#panoramas.splice(0)) this.#memory.release(base);
      this.#scene = frame.scene;
    }
    if (this.#panoramas.length > 0 && (await this.#take(window, frame)) === 0) return;
    await this.#make(window, frame);
    await this.#take(window, frame);
  }

  /** @returns how many luma pixels no panorama shows. */
  async #take(window: Window, frame: Held): Promise<number> {
    const input = { layout: this.#layout, base: frame.base, panoramas: this.#seenBy(window, frame) };
    return (await this.#memory.pool.run<{ missing: number }>("beyond", input)).missing;
  }

  async #make(window: Window, frame: Held): Promise<void> {
    const layout = this.#layout;
    const later = window.held.filter(({ scene, index }) => scene === frame.scene && index > frame.index);
    const view = panoramaView(
      layout,
      later.map((other) => window.source(frame, other).homography),
    );
    const input: PanoramaInput = {
      layout,
      target: this.#memory.take(),
      view,
      base: frame.base,
      moving: frame.moving,
      still: frame.still,
      sources: window.sources(frame),
      panoramas: this.#seenBy(window, frame),
    };
    this.#panoramas.push({ base: input.target, view, key: frame });
    await this.#memory.pool.run("panorama", input);
    if (this.#panoramas.length > SPARE_SLOTS) this.#memory.release(this.#panoramas.shift()!.base);
  }

  #seenBy(window: Window, frame: Held): PanoramaSource[] {
    return this.#panoramas.map(({ base, view, key }) => ({
      view,
      source: showing(view, base, window.source(frame, key)),
    }));
  }
}
