/** Renders scenes into files, in a media worker because that is where encoders run. */
import { join } from "node:path";
import type { Frame, FrameFormat } from "../media/frame.ts";
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
      const { width, height } = scene;
      const format = (fullRange: boolean): FrameFormat => ({
        width,
        height,
        chromaShiftX: 1,
        chromaShiftY: 1,
        bitDepth: 8,
        fullRange,
      });
      const create = (name: string, delivery: Delivery, fullRange = false) =>
        createVideo(join(context.outFolder, name), {
          format: format(fullRange),
          timeBase: [1, FPS],
          color: BT709,
          sampleAspect: [1, 1],
          delivery,
          frameDuration: 1n,
        });
      const files: SceneFiles = { source: "source.mp4", mask: "mask.mp4", truth: "truth.mp4" };
      const sinks = [
        [await create(files.source, "default"), (moment: SceneFrame): Frame => moment.source],
        [await create(files.mask, "lossless", true), (moment: SceneFrame): Frame => moment.mask],
        [await create(files.truth, "lossless"), (moment: SceneFrame): Frame => moment.truth],
      ] as const;
      let index = 0n;
      for (const moment of renderScene(scene)) {
        for (const [sink, pick] of sinks) await sink.write(pick(moment), index);
        index++;
        context.progress(Number(index) / scene.frames, "rendering");
      }
      for (const [sink] of sinks) await sink.finish();
      return files;
    },
  },
  { selfTest: mediaSelfTest },
);
