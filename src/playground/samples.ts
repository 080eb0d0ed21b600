/** Media of our own making, rendered when they are first asked for and handed to whoever runs an example. */
import { createReadStream } from "node:fs";
import { access, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { ReshootError } from "../errors.ts";
import { renderSamples } from "../samples/samples.ts";
import type { Caller, Services } from "../services.ts";
import type { SampleView } from "./api.ts";

const DAY = 24 * 3600 * 1000;

/** Every sample. */
export const SAMPLES = [
  { name: "ball.mp4", kind: "video", title: "Ball before a house", type: "video/mp4" },
  { name: "ball-quadmask.mp4", kind: "video", title: "Its quadmask", type: "video/mp4" },
  { name: "ball-mask.mp4", kind: "video", title: "Its mask, white on black", type: "video/mp4" },
  { name: "first.png", kind: "image", title: "House", type: "image/png" },
  { name: "last.png", kind: "image", title: "House with a ball", type: "image/png" },
  { name: "mask.png", kind: "image", title: "Mask of a still", type: "image/png" },
  { name: "melody.wav", kind: "audio", title: "Melody", type: "audio/wav" },
  { name: "bass.wav", kind: "audio", title: "Bass line", type: "audio/wav" },
] as const satisfies readonly (SampleView & { readonly type: string })[];

/** Name of a sample. */
export type SampleName = (typeof SAMPLES)[number]["name"];

/** Gives samples away. */
export type Samples = {
  /**
   * A sample as a file of the caller's own, the same one while it lasts.
   * @throws `not_found` for a name that is none.
   */
  take(name: string, caller: Caller): Promise<{ readonly id: string; readonly fileName: string }>;
};

/** @param folder where rendered samples are kept; made when needed. */
export function createSamples(services: Pick<Services, "files" | "config">, folder: string): Samples {
  const { files, config } = services;
  const given = new Map<string, string>();
  let rendering: Promise<void> | undefined;

  /** A folder with every sample: rendered beside its place, then moved there at once. */
  async function rendered(): Promise<void> {
    const names = SAMPLES.map(({ name }) => name);
    const present = await Promise.all(names.map((name) => access(join(folder, name)).then(...OUTCOME)));
    if (present.every(Boolean)) return;
    await mkdir(join(folder, ".."), { recursive: true, mode: 0o700 });
    const fresh = await mkdtemp(`${folder}-`);
    try {
      await renderSamples(fresh);
      await rm(folder, { recursive: true, force: true });
      await rename(fresh, folder);
    } finally {
      await rm(fresh, { recursive: true, force: true });
    }
  }

  return {
    async take(name, { accountId }) {
      const sample = SAMPLES.find((one) => one.name === name);
      if (!sample) throw new ReshootError("not_found", `There is no sample ${name}`);
      const key = `${accountId}\n${name}`;
      const before = given.get(key);
      const kept = before === undefined ? undefined : await files.get(before);
      if (kept?.state === "ready" && (kept.expiresAt ?? Infinity) > Date.now() + DAY / 2) return kept;
      rendering ??= rendered().finally(() => {
        rendering = undefined;
      });
      await rendering;
      const file = await files.put(
        {
          accountId,
          requestId: null,
          fileName: name,
          contentType: sample.type,
          access: { default: "allow", rules: [] },
          expiresAt: Date.now() + Math.max(1, config.limits.uploadDays) * DAY,
        },
        createReadStream(join(folder, name)),
        { maxBytes: config.limits.uploadBytes },
      );
      given.set(key, file.id);
      return file;
    },
  };
}

const OUTCOME = [() => true, () => false] as const;
