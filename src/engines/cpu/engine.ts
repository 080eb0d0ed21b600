/**
 * The embedded engine: classical algorithms on this machine's processor, no model, no download. Every operation runs in a
 * media worker; this side only carries files and messages.
 */
import { copyFile, link, mkdir, rename } from "node:fs/promises";
import { cpus } from "node:os";
import { basename, extname, join } from "node:path";
import type { TimelineLimits } from "../../media/limits.ts";
import { createWorkerPool, type MediaWorker, type WorkerPoolOptions } from "../../media/worker-pool.ts";
import type { PoolLog } from "../../media/worker-process.ts";
import type { MediaHandle, OperationName, OperationOptions, Operations } from "../../operations/operations.ts";
import type { Engine, EngineJob } from "../engine.ts";
import type { TASKS } from "./tasks.ts";

/** What this engine offers, and under which task name its worker knows it. */
const OFFERED = [
  "probe",
  "muxAudio",
  "composeTimeline",
  "mergeVideos",
  "mergeAudios",
  "extractFrame",
  "normalizeLoudness",
  "drawWaveform",
  "imagesToVideo",
  "conform",
  "removeObject",
  "upscale",
  "interpolateFrames",
  "reframe",
  "placePicture",
  "zipFrames",
  "segment",
  "segmentFrame",
] as const satisfies readonly (OperationName & keyof typeof TASKS)[];

/** Where the engine works and what a job may use. */
export type CpuEngineOptions = {
  /** Folder for the workers' private folders. */
  readonly folder: string;
  readonly limits: { readonly workerBytes: number; readonly jobSeconds: number } & TimelineLimits;
  readonly log?: PoolLog;
  readonly metrics?: WorkerPoolOptions["metrics"];
};

/** @returns an engine that has one slot a core. */
export function createCpuEngine({ folder, limits, log, metrics }: CpuEngineOptions): Engine {
  const slots = Math.max(1, cpus().length);
  const pool = createWorkerPool({
    entry: new URL("./worker.js", import.meta.url),
    size: slots,
    folder,
    limits: { workerBytes: limits.workerBytes, jobSeconds: limits.jobSeconds },
    ...(log && { log }),
    ...(metrics && { metrics }),
  });
  const { inputPixels, inputSeconds, outputSeconds } = limits;
  const taskLimits: TimelineLimits = { inputPixels, inputSeconds, outputSeconds };

  return {
    name: "cpu",
    slots,
    summary: "Classical algorithms on this machine's processor",
    operations: OFFERED,
    start: () => pool.start(),
    stop: () => pool.stop(),
    async openJob(request, jobFolder, signal): Promise<EngineJob> {
      let worker: Promise<MediaWorker> | undefined;
      let count = 0;

      const call = async (task: OperationName, params: object, options: OperationOptions): Promise<unknown> => {
        worker ??= pool.acquire(signal, request.id);
        const held = await worker;
        const inside = await importMedia(params, held.inFolder);
        const result = await held.run(task, { params: inside, limits: taskLimits }, options);
        return exportMedia(result, held.outFolder);
      };

      /** Inputs are linked into the worker's own folder: all that its sandbox can see. */
      const importMedia = async (value: unknown, inFolder: string): Promise<unknown> => {
        if (typeof value !== "object" || value === null) return value;
        if (isHandle(value)) {
          const path = join(inFolder, `${count++}${extname(value.path)}`);
          await link(value.path, path).catch(() => copyFile(value.path, path));
          return { ...value, path };
        }
        if (Array.isArray(value)) return Promise.all(value.map((item) => importMedia(item, inFolder)));
        const entries = Object.entries(value).map(async ([key, item]) => [key, await importMedia(item, inFolder)]);
        return Object.fromEntries(await Promise.all(entries));
      };

      /** Outputs move into the job's folder, so that they outlive the worker. */
      const exportMedia = async (value: unknown, outFolder: string): Promise<unknown> => {
        if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
        if (isHandle(value)) {
          const target = join(jobFolder, "out");
          await mkdir(target, { recursive: true });
          const path = join(target, `${count++}-${basename(value.path)}`);
          await rename(join(outFolder, basename(value.path)), path);
          return { ...value, path };
        }
        const entries = Object.entries(value).map(async ([key, item]) => [key, await exportMedia(item, outFolder)]);
        return Object.fromEntries(await Promise.all(entries));
      };

      const operations = Object.fromEntries(
        OFFERED.map((name) => [name, (params: object, options: OperationOptions) => call(name, params, options)]),
      ) as Pick<Operations, (typeof OFFERED)[number]>;

      return {
        operations,
        async close() {
          const held = await worker?.catch(() => undefined);
          await held?.release();
        },
      };
    },
  };
}

function isHandle(value: object): value is MediaHandle {
  return "path" in value && "loc" in value && "contentType" in value;
}
