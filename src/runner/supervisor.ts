/** Keeps one runner process alive beside the server. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { MetricsSnapshot } from "../observability/prometheus.ts";
import type { RequestEvent, RequestEvents } from "../requests/events.ts";
import type { RequestStore } from "../requests/store.ts";
import { forkRunner, type RunnerStart, tell } from "./fork.ts";
import type { RunnerMessage } from "./messages.ts";

const RESTART_MS = 500;
const RESTART_LIMIT_MS = 30_000;
const STOP_MS = 10_000;
const MEASURE_MS = 1_000;

/** The one runner process of a server. */
export type RunnerSupervisor = {
  /** Resolves when the runner is ready; rejects when its first start fails. */
  start(): Promise<void>;
  readonly ready: () => boolean;
  /** The runner's measurements; undefined when it does not answer within a second. */
  measure(): Promise<MetricsSnapshot | undefined>;
  stop(): Promise<void>;
};

type SupervisorParts = {
  /** The first runner, which has its configuration. */
  readonly first: ChildProcess;
  /** How the next ones start. */
  readonly next: RunnerStart;
  readonly store: RequestStore;
  readonly events: RequestEvents;
  readonly log: { info(message: string): void; error(details: object, message: string): void };
};

/** A supervisor whose runner has not begun yet. */
export function createRunnerSupervisor({ first, next, store, events, log }: SupervisorParts): RunnerSupervisor {
  let child: ChildProcess | undefined = first;
  let ready = false;
  let stopping = false;
  let delay = RESTART_MS;
  let measuring: Promise<MetricsSnapshot | undefined> | undefined;

  const lanes = new Set<string>();
  const wakeLanes = (): void => {
    for (const lane of lanes) forward({ type: "queued", lane });
    lanes.clear();
  };
  const forward = (event: RequestEvent): void => {
    if (ready && child) tell(child, { type: "event", event });
  };

  events.bridge((event) => {
    // A runner's own events come in by `receive` and never reach this bridge.
    if (event.type !== "queued") return forward(event);
    // One wake-up is enough for all submits that one commit acknowledged.
    if (lanes.size === 0) setImmediate(wakeLanes);
    lanes.add(event.lane);
  });

  function begin(running: ChildProcess): Promise<void> {
    child = running;
    tell(running, { type: "begin" });
    return new Promise((resolve, reject) => {
      running.on("message", (message: RunnerMessage) => {
        if (message.type === "event") events.receive(message.event);
        if (message.type === "failed") reject(new Error(message.message));
        if (message.type === "ready") {
          ready = true;
          delay = RESTART_MS;
          resolve();
        }
      });
      const ended = (code: number | null, signal: NodeJS.Signals | null): void => {
        reject(new Error(`the runner ended while starting (${signal ?? code})`));
        if (child !== running) return;
        child = undefined;
        const wasReady = ready;
        ready = false;
        if (!stopping && wasReady) restart(signal ?? `exit code ${code}`);
      };
      // One that was forked earlier may be gone already.
      if (running.exitCode !== null || running.signalCode !== null) ended(running.exitCode, running.signalCode);
      else running.once("exit", ended);
    });
  }

  function restart(reason: string): void {
    log.error({ reason }, "the runner ended; starting it again");
    const again = async (): Promise<void> => {
      if (stopping) return;
      // Only this runner uses this database, and it is dead: its claims are free at once.
      for (const id of await store.reclaimAll()) events.receive({ type: "changed", id });
      await begin(forkRunner(next));
    };
    const retry = (): void => {
      setTimeout(
        () =>
          void again().catch((error) => {
            log.error({ err: error }, "the runner could not be started");
            if (!stopping) retry();
          }),
        delay,
      );
      delay = Math.min(delay * 2, RESTART_LIMIT_MS);
    };
    retry();
  }

  return {
    start: () => begin(first),
    ready: () => ready,
    measure() {
      if (!ready || !child) return Promise.resolve(undefined);
      // All who ask while an answer is under way get that one.
      measuring ??= askMeasurements(child).finally(() => {
        measuring = undefined;
      });
      return measuring;
    },
    async stop() {
      stopping = true;
      const running = child;
      if (!running || running.exitCode !== null || running.signalCode !== null) return;
      const gone = once(running, "exit");
      tell(running, { type: "stop" });
      const killer = setTimeout(() => running.kill("SIGKILL"), STOP_MS);
      await gone;
      clearTimeout(killer);
    },
  };
}

function askMeasurements(child: ChildProcess): Promise<MetricsSnapshot | undefined> {
  return new Promise((resolve) => {
    const settle = (metrics?: MetricsSnapshot): void => {
      clearTimeout(timer);
      child.off("message", listener);
      resolve(metrics);
    };
    const listener = (message: RunnerMessage): void => {
      if (message.type === "measured") settle(message.metrics);
    };
    const timer = setTimeout(settle, MEASURE_MS);
    child.on("message", listener);
    tell(child, { type: "measure" });
  });
}
