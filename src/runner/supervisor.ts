/** Keeps one runner process alive beside the server. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Config } from "../config.ts";
import type { MetricsSnapshot } from "../observability/prometheus.ts";
import type { RequestEvent, RequestEvents } from "../requests/events.ts";
import type { RequestStore } from "../requests/store.ts";
import { forkRunner } from "./fork.ts";
import type { RunnerMessage, ServerMessage } from "./messages.ts";

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
  readonly config: Config;
  readonly store: RequestStore;
  readonly events: RequestEvents;
  readonly logLevel: string;
  /** The runner's program. @defaultValue as {@link forkRunner} says */
  readonly program?: URL | undefined;
  /** A process of it that waits for its configuration. @defaultValue `start` makes one */
  readonly forked?: ChildProcess | undefined;
  readonly log: { info(message: string): void; error(details: object, message: string): void };
};

/** A supervisor that has not started its runner yet. */
export function createRunnerSupervisor({
  config,
  store,
  events,
  logLevel,
  log,
  program,
  forked,
}: SupervisorParts): RunnerSupervisor {
  let child = forked;
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

  function launch(running = forkRunner(program)): Promise<void> {
    // The keys are the server's business alone.
    const secretless: Config = { ...config, keys: config.keys.map(({ id }) => ({ id, secret: "" })) };
    child = running;
    tell(running, { type: "config", config: secretless, logLevel });
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
      await launch();
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
    start: () => launch(forked),
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

/** A message to a process that may be dying: its exit is noticed elsewhere. */
function tell(child: ChildProcess, message: ServerMessage): void {
  if (child.connected) child.send(message, () => undefined);
}
