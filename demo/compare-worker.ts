/** Decodes the clips of a comparison, in a media worker because that is where decoders run. */
import { join } from "node:path";
import type { Frame, FrameFormat, Plane } from "../src/media/frame.ts";
import { savePng } from "../src/media/image.ts";
import { openMask } from "../src/media/mask-source.ts";
import { mediaSelfTest } from "../src/media/self-test.ts";
import { openVideo } from "../src/media/video-source.ts";
import { serveTasks } from "../src/media/worker-host.ts";
import type { MediaHandle } from "../src/operations/operations.ts";
import { KEEP, labelTable } from "../src/vision/mask.ts";
import type { Clips, Comparison } from "./compare.ts";

const LIMITS = { inputSeconds: 600, inputPixels: 4096 * 2304 };
/** Moments of the clip that the picture shows. */
const MOMENTS = [0.2, 0.5, 0.8];

void serveTasks(
  {
    async compare(args, context): Promise<Comparison> {
      const clips = args as Clips;
      const sources = await Promise.all(
        [clips.source, clips.truth, clips.result].map((path) => openVideo(handle(path), LIMITS)),
      );
      const format = sources[0]!.format;
      const mask = await openMask(handle(clips.mask), format, LIMITS);
      const [source, truth, result] = sources.map(({ frames }) => frames()) as [Frames, Frames, Frames];
      const masks = mask.frames();
      const labels = labelTable("void");
      const count = sources[0]!.info.video!.frameCount;
      const shown = MOMENTS.map((moment) => Math.floor(moment * (count - 1)));
      const pictures: Frame[][] = [[], []];
      let [before, after, pixels] = [0, 0, 0];
      for (let index = 0; index < count; index++) {
        const [s, t, r, m] = await Promise.all([source.next(), truth.next(), result.next(), masks.next()]);
        if (s.done || t.done || r.done || m.done) throw new Error(`the clips differ in length at frame ${index}`);
        if (shown.includes(index)) {
          pictures[0]!.push(s.value.frame);
          pictures[1]!.push(r.value.frame);
        }
        const [lumaS, lumaT, lumaR] = [s, t, r].map(({ value }) => value.frame.planes[0]) as [Plane, Plane, Plane];
        for (let at = 0; at < m.value.levels.length; at++) {
          if (labels[m.value.levels[at]!] === KEEP) continue;
          const y = Math.floor(at / format.width);
          const x = at - y * format.width;
          const wanted = lumaT.data[y * lumaT.stride + x]!;
          before += (lumaS.data[y * lumaS.stride + x]! - wanted) ** 2;
          after += (lumaR.data[y * lumaR.stride + x]! - wanted) ** 2;
          pixels++;
        }
      }
      const tiled = { ...format, width: format.width * MOMENTS.length, height: format.height * 2 };
      await savePng(join(context.outFolder, "before-after.png"), tile(pictures, tiled), tiled);
      await Promise.all([...sources.map((one) => one.close()), mask.close()]);
      const psnr = (sum: number): number => 10 * Math.log10(255 ** 2 / (sum / pixels));
      return { psnrBefore: psnr(before), psnrAfter: psnr(after) };
    },
  },
  { selfTest: mediaSelfTest },
);

type Frames = AsyncGenerator<{ frame: Frame }, void, undefined>;

function handle(path: string): MediaHandle {
  return { path, loc: ["body"], contentType: "video/mp4", fileName: "clip.mp4" };
}

/** Frames of one size, row by row, as one frame. */
function tile(rows: readonly (readonly Frame[])[], format: FrameFormat): Frame {
  const planes = [0, 1, 2].map((index): Plane => {
    const width = index === 0 ? format.width : format.width >> format.chromaShiftX;
    const height = index === 0 ? format.height : format.height >> format.chromaShiftY;
    const data = new Uint8Array(width * height);
    for (const [row, frames] of rows.entries()) {
      for (const [column, frame] of frames.entries()) {
        const plane = frame.planes[index]!;
        for (let y = 0; y < plane.height; y++) {
          const line = plane.data.subarray(y * plane.stride, y * plane.stride + plane.width);
          data.set(line, (row * plane.height + y) * width + column * plane.width);
        }
      }
    }
    return { data, width, height, stride: width };
  });
  return { planes: planes as [Plane, Plane, Plane] };
}
