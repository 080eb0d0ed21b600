/** Objects from words. */
import { fieldError } from "../../errors.ts";
import type { LogLevel } from "../../operations/operations.ts";
import type { SegmentationTarget } from "../../operations/segmentation.ts";
import type { SegmentStore } from "./segment-store.ts";

type Words = Extract<SegmentationTarget, { kind: "words" }>;

/** What {@link findWords} works with. */
export type WordsOptions = {
  readonly from: number;
  readonly to: number;
  readonly turn: () => Promise<void>;
  readonly log: (level: LogLevel, message: string) => void;
};

/** Whether what moves by itself is asked for. */
export function isMovingObject(target: SegmentationTarget): boolean {
  return target.kind === "words" && /^\s*(the\s+|a\s+)?moving (object|thing)\s*$/i.test(target.text);
}

/** @returns the names of what was found. @throws `no_media_generated` naming the words' field. */
export async function findWords(
  _store: SegmentStore,
  words: Words,
  _options: WordsOptions,
): Promise<readonly string[]> {
  const message = `"${words.text.slice(0, 80)}" cannot be found here. What moves can: "moving object"`;
  throw fieldError("no_media_generated", words.loc, message);
}
