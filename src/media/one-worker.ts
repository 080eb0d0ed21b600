/** A single media worker for a tool that is not a server: the demo, samples, benchmarks. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createWorkerPool, type MediaWorker } from "./worker-pool.ts";

/**
 * Starts a worker, lends it, and stops it.
 * @param entry module that calls `serveTasks`.
 */
export async function withMediaWorker<T>(
  entry: URL,
  use: (worker: MediaWorker, run: <R>(task: string, args: unknown) => Promise<R>) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "reshoot-worker-"));
  const pool = createWorkerPool({ entry, size: 1, folder, limits: { workerBytes: 2 ** 32, jobSeconds: 600 } });
  try {
    await pool.start();
    const { signal } = new AbortController();
    const worker = await pool.acquire(signal);
    const quiet = { signal, onProgress: () => {}, onLog: () => {} };
    return await use(worker, (task, args) => worker.run(task, args, quiet));
  } finally {
    await pool.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
