/** Operations in words, for errors and docs: what each does, and what kind of engine offers it. */
import type { OperationName } from "./operations.ts";

const GENERATIVE = "a generative model on your own GPU, or a relay to the vendor with your own key";
const MODEL = "an engine with a trained model for it, or a relay to the vendor with your own key";
const CLASSICAL = "a Reshoot version whose CPU engine offers it, or a relay to the vendor with your own key";

/** `does`: completes "needs to ...". `takes`: what would make it work. */
export const VOCABULARY: Readonly<Record<OperationName, { readonly does: string; readonly takes: string }>> = {
  probe: { does: "read a file's properties", takes: CLASSICAL },
  muxAudio: { does: "lay audio under a video", takes: CLASSICAL },
  conform: { does: "cut, retime and resize a video", takes: CLASSICAL },
  removeObject: { does: "remove a masked object", takes: CLASSICAL },
  placePicture: { does: "put a picture into a video", takes: CLASSICAL },
  zipFrames: { does: "pack a video's frames", takes: CLASSICAL },
  segment: { does: "find an object from words or clicks", takes: CLASSICAL },
  segmentFrame: { does: "find an object on one frame", takes: CLASSICAL },
  matte: { does: "separate the foreground from its background", takes: MODEL },
  interpolateFrames: { does: "make frames in between", takes: CLASSICAL },
  upscale: { does: "enlarge a video", takes: CLASSICAL },
  reframe: { does: "change a video's frame", takes: CLASSICAL },
  restyle: { does: "change a video's content or look", takes: GENERATIVE },
  extendVideo: { does: "continue a video with new content", takes: GENERATIVE },
  generateVideo: { does: "generate video from words or pictures", takes: GENERATIVE },
  composeKeyframes: { does: "make a video between given pictures", takes: GENERATIVE },
  lipsync: { does: "move lips to speech", takes: MODEL },
  speak: { does: "speak a text", takes: MODEL },
  soundEffects: { does: "make sound for a video", takes: GENERATIVE },
  composeTimeline: { does: "compose tracks on a timeline", takes: CLASSICAL },
  mergeVideos: { does: "join videos", takes: CLASSICAL },
  mergeAudios: { does: "join audio files", takes: CLASSICAL },
  extractFrame: { does: "take a frame out of a video", takes: CLASSICAL },
  normalizeLoudness: { does: "normalise loudness", takes: CLASSICAL },
  drawWaveform: { does: "measure a waveform", takes: CLASSICAL },
  imagesToVideo: { does: "make a video from pictures", takes: CLASSICAL },
};
