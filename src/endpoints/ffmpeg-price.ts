/** What fal's FFmpeg endpoints cost. */
import { ASSUMED, perSecond } from "./price.ts";

/** Shared by all FFmpeg endpoints. */
export const ffmpegPrice = perSecond(0.0002, `Per second of media. ${ASSUMED}`);
