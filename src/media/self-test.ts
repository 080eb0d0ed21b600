/** Whether FFmpeg works in this process: a tiny video is written and read back. */
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Frame, FrameFormat, Plane } from "./frame.ts";
import { ALREADY_CHECKED } from "./limits.ts";
import { BT709 } from "./picture.ts";
import { createVideo } from "./video-sink.ts";
import { openVideo } from "./video-source.ts";

const FORMAT: FrameFormat = { width: 32, height: 16, chromaShiftX: 1, chromaShiftY: 1, bitDepth: 8, fullRange: false };

/** For `serveTasks`. @throws Error that says what does not work. */
export async function mediaSelfTest(): Promise<void> {
  const path = join(tmpdir(), `self-test-${process.pid}.mp4`);
  const plane = (width: number, height: number, seed: number): Plane => {
    const data = Uint8Array.from({ length: width * height }, (_, i) => 16 + ((i * 37 + seed) % 200));
    return { data, width, height, stride: width };
  };
  const frame: Frame = { planes: [plane(32, 16, 1), plane(16, 8, 50), plane(16, 8, 99)] };
  const options = { format: FORMAT, timeBase: [1, 25], color: BT709, sampleAspect: [1, 1], frameDuration: 1n } as const;
  try {
    const sink = await createVideo(path, { ...options, delivery: "lossless" });
    await sink.write(frame, 0n);
    await sink.finish();
    const media = { path, loc: ["self-test"], contentType: "video/mp4", fileName: "self-test.mp4" };
    const source = await openVideo(media, ALREADY_CHECKED);
    let count = 0;
    for await (const { frame: read } of source.frames()) {
      count++;
      const isSame = read.planes.every(({ data }, index) => data.every((v, i) => v === frame.planes[index]!.data[i]));
      if (!isSame) throw new Error("a lossless video came back changed");
    }
    await source.close();
    if (count !== 1) throw new Error(`a video of one picture came back with ${count}`);
  } finally {
    await rm(path, { force: true });
  }
}
