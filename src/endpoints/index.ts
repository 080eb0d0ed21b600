/** Every endpoint of this server, in display order. */
import { animatediff } from "./animatediff.ts";
import { bria } from "./bria.ts";
import { createCatalog } from "./catalog.ts";
import { ffmpegAudio } from "./ffmpeg-audio.ts";
import { ffmpegVideo } from "./ffmpeg-video.ts";
import { interpolation } from "./interpolation.ts";
import { ltx } from "./ltx.ts";
import { luma } from "./luma.ts";
import { magi } from "./magi.ts";
import { pixverse } from "./pixverse.ts";
import { segmentVideo } from "./segment.ts";
import { videoUpscaler } from "./upscaler.ts";
import { voidVideoInpainting, wavespeedVoid } from "./void.ts";
import { wanVace } from "./wan-vace.ts";

/** The catalog all dialects serve. */
export const catalog = createCatalog([
  voidVideoInpainting,
  wavespeedVoid,
  ...bria,
  ...ffmpegVideo,
  ...ffmpegAudio,
  videoUpscaler,
  ...interpolation,
  ...wanVace,
  ...luma,
  ...pixverse,
  ltx,
  ...magi,
  ...animatediff,
  segmentVideo,
]);
