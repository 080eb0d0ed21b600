/** What fal's FFmpeg endpoints cost. */
import type { Price } from "./endpoint.ts";
import { ASSUMED, perSecond, tidy } from "./price.ts";

/** Of the endpoints that take files as long as they are. */
export const ffmpegPrice = perSecond(0.0002, `Per second of media. ${ASSUMED}`);

/** Of an endpoint whose input says how long its result is. @param seconds of the result. */
export function ffmpegPriceOf<Input>(seconds: (input: Input) => number): Price {
  return { ...ffmpegPrice, units: (input) => tidy(seconds(input as Input)) };
}
