/**
 * The runner as a process of its own, forked by the server: its own connection to the database, its own engines. Messages
 * to and from the server are events and measurements; when the server goes, so does the runner.
 */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { addressPolicy, type Config, dataFolders } from "../config.ts";
import type { Catalog } from "../endpoints/catalog.ts";
import type { Engine } from "../engines/engine.ts";
import type { EngineParts } from "../engines/index.ts";
import { createDiskFileStore } from "../files/disk.ts";
import { createFetcher } from "../files/fetch-guard.ts";
import { createLog, createPrometheusMetrics, watchFiles, watchStore } from "../observability/index.ts";
import { RequestEvents } from "../requests/events.ts";
import { openSqliteStore } from "../requests/sqlite.ts";
import type { RunnerMessage, ServerMessage } from "./messages.ts";
import { createRouter } from "./router.ts";
import { createRunner, type Runner } from "./runner.ts";

/** What a runner can do. */
export type RunnerAbilities = {
  readonly catalog: Catalog;
  readonly createEngines: (config: Config, parts?: EngineParts) => Engine[];
};

const send = (message: RunnerMessage): void => {
  if (process.connected) process.send?.(message);
};

let stop: () => Promise<void> = async () => process.exit(0);

/**
 * Makes this process a runner: it waits for its configuration and starts the engines, waits until it may begin, works until
 * it is told to stop, and exits.
 */
export function serveRunner(abilities: RunnerAbilities): void {
  let prepared: Promise<Prepared> | undefined;
  process.on("message", (message: ServerMessage) => {
    if (message.type === "config") {
      prepared = prepare(message.config, message.logLevel, abilities);
      // Told once the server listens.
      prepared.catch(() => undefined);
    }
    if (message.type === "begin" && prepared) void begin(prepared, abilities);
    if (message.type === "stop") void stop();
  });
  // The server is gone, however it went: its next life will hand this work out again.
  process.on("disconnect", () => void stop());
  if (!process.connected) void stop();
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => void stop());
}

/** What needs no request. */
type Prepared = {
  readonly config: Config;
  readonly log: ReturnType<typeof createLog>;
  readonly metrics: ReturnType<typeof createPrometheusMetrics>;
  readonly engines: readonly Engine[];
};

async function prepare(
  config: Config,
  logLevel: string,
  { catalog, createEngines }: RunnerAbilities,
): Promise<Prepared> {
  const log = createLog({ level: logLevel, part: "runner" });
  const { work } = dataFolders(config.data);
  // An earlier runner's workers may be dying in there at this moment.
  await rm(work, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  await mkdir(work, { recursive: true, mode: 0o700 });
  const metrics = createPrometheusMetrics({
    process: "runner",
    endpoints: catalog.all.map(({ id }) => id),
    engines: config.engines,
  });
  const engineLog = {
    info: (text: string) => log.info(text),
    warn: (text: string, details: object = {}) => log.warn(details, text),
  };
  const engines = createEngines(config, { log: engineLog, metrics });
  // The runner waits for the same start.
  for (const engine of engines) engine.start().catch(() => undefined);
  return { config, log, metrics, engines };
}

async function begin(prepared: Promise<Prepared>, { catalog }: RunnerAbilities): Promise<void> {
  try {
    const { config, log, metrics, engines } = await prepared;
    const { database, files: filesFolder, work } = dataFolders(config.data);
    const store = watchStore(await openSqliteStore(database, { metrics }), { metrics, log });
    const events = new RequestEvents();
    const runner: Runner = createRunner({
      catalog,
      store,
      files: watchFiles(await createDiskFileStore({ folder: filesFolder, table: store.files }), metrics),
      events,
      router: createRouter(engines),
      fetcher: createFetcher(addressPolicy(config)),
      workFolder: join(work, "jobs"),
      limits: config.limits,
      prices: config.prices,
      log,
      metrics,
    });
    events.bridge((event) => send({ type: "event", event }));
    process.on("message", (message: ServerMessage) => {
      if (message.type === "event") events.receive(message.event);
      if (message.type === "measure")
        void metrics.snapshot().then((snapshot) => send({ type: "measured", metrics: snapshot }));
    });
    let stopped: Promise<void> | undefined;
    stop = () =>
      (stopped ??= runner.stop().then(async () => {
        await store.close();
        process.exit(0);
      }));
    await runner.start();
    send({ type: "ready" });
  } catch (error) {
    createLog({ level: "fatal", part: "runner" }).fatal({ err: error }, "the runner could not start");
    send({ type: "failed", message: error instanceof Error ? error.message : String(error) });
    process.exitCode = 1;
    process.disconnect?.();
  }
}
