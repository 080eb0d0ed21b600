/** Claims requests while slots are free and works on them. Knows no HTTP; one or many may share a database. */
import { randomUUID } from "node:crypto";
import type { Engine } from "../engines/engine.ts";
import { type Job, type JobParts, LEASE_MS, startJob } from "./job.ts";

/** Events make claiming immediate; this catches whatever an event missed (another machine, a retry whose time came). */
const POLL_MS = 1_000;

/** A worker of the queue. */
export type Runner = {
  /** Starts the engines, then begins to claim. Rejects when no engine can start. */
  start(): Promise<void>;
  /** Claims nothing more, stops running jobs and gives them back to the queue, stops the engines. */
  stop(): Promise<void>;
};

/** A runner that takes requests for the engines of its router. */
export function createRunner(parts: JobParts): Runner {
  const owner = `runner-${process.pid}-${randomUUID()}`;
  const jobs = new Map<Job, Engine>();
  let stopping = false;
  let claiming: Promise<void> | undefined;
  let again = false;
  let timer: NodeJS.Timeout | undefined;
  let unsubscribe = (): void => {};

  /** One claim loop at a time; a wake-up during it makes it look once more. */
  const wake = (): void => {
    if (stopping) return;
    if (claiming) again = true;
    else {
      claiming = fill()
        .catch((error) => parts.log.error({ err: error }, "could not claim"))
        .finally(() => {
          claiming = undefined;
          if (again) {
            again = false;
            wake();
          }
        });
    }
  };

  async function fill(): Promise<void> {
    while (!stopping) {
      const free = parts.router.engines.filter((engine) => busy(engine) < engine.slots);
      if (free.length === 0) return;
      const claim = await parts.store.claim(
        owner,
        free.map(({ name }) => name),
        LEASE_MS,
      );
      if (!claim) return;
      const engine = parts.router.engines.find(({ name }) => name === claim.request.lane)!;
      const job = startJob(claim, parts);
      jobs.set(job, engine);
      void job.done.then(() => {
        jobs.delete(job);
        wake();
      });
    }
  }

  const hasRoom = (lane: string): boolean =>
    parts.router.engines.some((engine) => engine.name === lane && busy(engine) < engine.slots);

  const busy = (engine: Engine): number => [...jobs.values()].filter((one) => one === engine).length;

  return {
    async start() {
      await Promise.all(parts.router.engines.map((engine) => engine.start()));
      unsubscribe = parts.events.subscribe((event) => {
        if (event.type === "queued" && hasRoom(event.lane)) wake();
        if (event.type === "cancel") for (const job of jobs.keys()) if (job.id === event.id) job.stop("cancel");
      });
      timer = setInterval(wake, POLL_MS);
      wake();
    },
    async stop() {
      stopping = true;
      clearInterval(timer);
      unsubscribe();
      await claiming;
      for (const job of jobs.keys()) job.stop("shutdown");
      await Promise.all([...jobs.keys()].map((job) => job.done));
      await Promise.all(parts.router.engines.map((engine) => engine.stop()));
    },
  };
}
