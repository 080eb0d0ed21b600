/** How a timeline's sound gets into its file: as it is where one file's sound is all there is, else mixed. */
import { type AudioFeed, type AudioPlan, addAudio } from "../audio-feed.ts";
import type { MediaLimits } from "../limits.ts";
import type { Output } from "../output.ts";
import { probe } from "../probe.ts";
import { mixSounds, type PlacedSound } from "../sound/mix.ts";

/** Sounds to be mixed, or one file's as it is; none: no sound. */
export type SoundPlan = readonly PlacedSound[] | AudioPlan;

/** Sounds that end earlier than this before they would be cut need no cut. Seconds. */
const SLACK = 0.001;

/**
 * One sound that plays from its start and is cut nowhere but at the end of the pictures is copied.
 * @param end of the pictures, in seconds.
 */
export async function soundPlan(sounds: readonly PlacedSound[], end: number, limits: MediaLimits): Promise<SoundPlan> {
  const [only] = sounds;
  if (!only || sounds.length > 1) return sounds;
  const duration = (await probe(only.media, limits)).audio?.duration ?? Number.POSITIVE_INFINITY;
  const isWhole = only.end >= end - SLACK || only.start + duration <= only.end + SLACK;
  return isWhole ? { media: only.media, streams: "first", offset: only.start, cutAtEnd: true } : sounds;
}

/** How a plan's stream gets into an output that has not been started; undefined without sound. */
export function soundFeed(plan: SoundPlan, limits: MediaLimits): ((output: Output) => Promise<AudioFeed>) | undefined {
  if (isPlaced(plan)) return plan.length === 0 ? undefined : (output) => mixSounds(output, plan, limits);
  return (output) => addAudio(output, plan, limits);
}

function isPlaced(plan: SoundPlan): plan is readonly PlacedSound[] {
  return Array.isArray(plan);
}
