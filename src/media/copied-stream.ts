/** A stream of pictures that goes into another file as it is. */
import { avGetCodecName, Dictionary, type Stream } from "node-av/lib";
import type { Ratio } from "./ffmpeg.ts";
import { isIsoMedia, type Output } from "./output.ts";

/** Sample entry names that say what the copied packets are; others are left to the container. */
const KEPT_TAG = /^(avc[13]|hvc1|hev1|av01|vp09|mp4v|ap(c[ohsn]|4[hx]))$/;

/** Adds a stream like a source's to an output that has not been started. @param timeBase of the packets to come. */
export function copiedStream(output: Output, source: Stream, timeBase: Ratio): Stream {
  const target = output.addStream(source.codecpar, timeBase);
  const tag = source.codecpar.codecTagString ?? "";
  // Apple's players know HEVC only by this name.
  const fallback = output.container === "mp4" && avGetCodecName(source.codecpar.codecId) === "hevc" ? "hvc1" : 0;
  target.codecpar.codecTag = isIsoMedia(output.container) && KEPT_TAG.test(tag) ? tag : fallback;
  target.sampleAspectRatio = source.sampleAspectRatio;
  target.avgFrameRate = source.avgFrameRate;
  if (source.metadata?.get("alpha_mode") === "1") target.metadata = Dictionary.fromObject({ alpha_mode: "1" });
  return target;
}
