/** How a timeline's sound gets into its file: as it is where one file's sound is all there is, else mixed. */
import type { AudioPlan } from "../audio-feed.ts";
import type { MediaLimits } from "../limits.ts";
import { probe } from "../probe.ts";
import type { PlacedSound } from "../sound/mix.ts";

/** Sounds that end earlier than this before they would be cut need no cut. Seconds. */
const SLACK = 0.001;

/**
 * One sound that plays from its start and is cut nowhere but at the end of the pictures is copied.
 * @param end of the pictures, in seconds.
 */
export async function soundPlan(
  sounds: readonly PlacedSound[],
  end: number,
  limits: MediaLimits,
): Promise<readonly PlacedSound[] | AudioPlan> {
  const [only] = sounds;
  if (!only || sounds.length > 1) return sounds;
  const duration = (await probe(only.media, limits)).audio?.duration ?? Number.POSITIVE_INFINITY;
  const isWhole = only.end >= end - SLACK || only.start + duration <= only.end + SLACK;
  return isWhole ? { media: only.media, streams: "first", offset: only.start, cutAtEnd: true } : sounds;
}
