/** A thread of the pool: imports the jobs module, then answers one job at a time. */
import { parentPort, workerData } from "node:worker_threads";
import { loadKernels } from "./kernels.ts";
import type { Job, JobContext, JobMessage, JobReply, WorkerData } from "./pool.ts";

const data = workerData as WorkerData;
const { jobs } = (await import(data.jobs)) as { jobs: Readonly<Record<string, Job>> };
const context: JobContext = { kernels: loadKernels(data.memory), memory: data.memory, scratch: data.scratch };

parentPort?.on("message", ({ id, job, input }: JobMessage) => {
  const reply = answer(id, job, input);
  parentPort?.postMessage(reply, ownBuffers(reply.result));
});

/** Memory of a list of arrays, which goes to whoever asked and need not be copied. */
function ownBuffers(result: unknown): ArrayBuffer[] {
  if (!Array.isArray(result)) return [];
  return result.flatMap((one) => (ArrayBuffer.isView(one) && one.buffer instanceof ArrayBuffer ? [one.buffer] : []));
}

function answer(id: number, job: string, input: unknown): JobReply {
  try {
    const run = jobs[job];
    if (!run) throw new Error(`no job ${job}`);
    return { id, result: run(context, input as never) };
  } catch (error) {
    return { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
