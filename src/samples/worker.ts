/** Renders scenes into files, in a media worker because that is where encoders run. */
import { join } from "node:path";
import type { Frame, FrameFormat } from "../media/frame.ts";
import { savePng } from "../media/image.ts";
import { BT709 } from "../media/picture.ts";
import { mediaSelfTest } from "../media/self-test.ts";
import { createVideo } from "../media/video-sink.ts";
import { serveTasks, type TaskContext } from "../media/worker-host.ts";
import type { Delivery } from "../operations/operations.ts";
import { renderScene, type SceneFrame, type SceneOptions } from "./scene.ts";

/** Names of the files of a rendered scene. */
export type SceneFiles = { readonly source: string; readonly mask: string; readonly truth: string };

const FPS = 30;

void serveTasks(
  {
    async renderScene(args: unknown, context: TaskContext): Promise<SceneFiles> {
      const { scene } = args as { scene: SceneOptions };
      const files: SceneFiles = { source: "source.mp4", mask: "mask.mp4", truth: "truth.mp4" };
      await renderVideos(scene, context, [
        { name: files.source, delivery: "default", pick: (moment) => moment.source },
        { name: files.mask, delivery: "lossless", fullRange: true, pick: (moment) => moment.mask },
        { name: files.truth, delivery: "lossless", pick: (moment) => moment.truth },
      ]);
      return files;
    },

    async renderSamples(args: unknown, context: TaskContext): Promise<readonly string[]> {
      const { scene } = args as { scene: SceneOptions };
      const videos: readonly SceneVideo[] = [
        { name: "ball.mp4", delivery: "default", pick: (moment) => moment.source },
        { name: "ball-quadmask.mp4", delivery: "lossless", fullRange: true, pick: (moment) => moment.mask },
        { name: "ball-mask.mp4", delivery: "lossless", fullRange: true, pick: (moment) => whiteMask(moment.mask) },
      ];
      const middle = scene.frames >> 1;
      const still = (name: string) => join(context.outFolder, name);
      await renderVideos(scene, context, videos, async (moment, index) => {
        if (index !== middle) return;
        await savePng(still("first.png"), moment.truth, formatOf(scene));
        await savePng(still("last.png"), moment.source, formatOf(scene));
        await savePng(still("mask.png"), whiteMask(moment.mask), formatOf(scene, true));
      });
      return [...videos.map(({ name }) => name), "first.png", "last.png", "mask.png"];
    },
  },
  { selfTest: mediaSelfTest },
);

/** A file made of one picture of each moment. */
type SceneVideo = {
  readonly name: string;
  readonly delivery: Delivery;
  readonly fullRange?: boolean;
  readonly pick: (moment: SceneFrame) => Frame;
};

async function renderVideos(
  scene: SceneOptions,
  context: TaskContext,
  videos: readonly SceneVideo[],
  look: (moment: SceneFrame, index: number) => Promise<void> = async () => {},
): Promise<void> {
  const sinks = await Promise.all(
    videos.map(({ name, delivery, fullRange }) =>
      createVideo(join(context.outFolder, name), {
        format: formatOf(scene, fullRange),
        timeBase: [1, FPS],
        color: BT709,
        sampleAspect: [1, 1],
        delivery,
        frameDuration: 1n,
      }),
    ),
  );
  let index = 0;
  for (const moment of renderScene(scene)) {
    for (const [which, sink] of sinks.entries()) await sink.write(videos[which]!.pick(moment), BigInt(index));
    await look(moment, index);
    index++;
    context.progress(index / scene.frames, "rendering");
  }
  for (const sink of sinks) await sink.finish();
}

function formatOf({ width, height }: SceneOptions, fullRange = false): FrameFormat {
  return { width, height, chromaShiftX: 1, chromaShiftY: 1, bitDepth: 8, fullRange };
}

/** The other usual polarity: white where something goes, its shadow included. */
function whiteMask(mask: Frame): Frame {
  const [luma, ...chroma] = mask.planes;
  const data = Uint8Array.from(luma.data as Uint8Array, (level) => (level === 255 ? 0 : 255));
  return { planes: [{ ...luma, data }, ...chroma] as Frame["planes"] };
}
