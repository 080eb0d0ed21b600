/**
 * The runner as a process of its own, forked by the server: its own connection to the database, its own engines. Messages
 * to and from the server are events and nothing else; when the server goes, so does the runner.
 */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { pino } from "pino";
import { addressPolicy, type Config, dataFolders } from "../config.ts";
import { catalog } from "../endpoints/index.ts";
import { createEngines } from "../engines/index.ts";
import { createDiskFileStore } from "../files/disk.ts";
import { createFetcher } from "../files/fetch-guard.ts";
import { RequestEvents } from "../requests/events.ts";
import { openSqliteStore } from "../requests/sqlite.ts";
import type { RunnerMessage, ServerMessage } from "./messages.ts";
import { createRouter } from "./router.ts";
import { createRunner, type Runner } from "./runner.ts";

const send = (message: RunnerMessage): void => {
  if (process.connected) process.send?.(message);
};

let stop: () => Promise<void> = async () => process.exit(0);

process.on("message", (message: ServerMessage) => {
  if (message.type === "config") void start(message.config, message.logLevel);
  if (message.type === "stop") void stop();
});
// The server is gone, however it went: its next life will hand this work out again.
process.on("disconnect", () => void stop());
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => void stop());

async function start(config: Config, logLevel: string): Promise<void> {
  const log = pino({ level: logLevel, base: { part: "runner" } }, pino.destination({ fd: 2, sync: true }));
  try {
    const { database, files: filesFolder, work } = dataFolders(config.data);
    await rm(work, { recursive: true, force: true });
    await mkdir(work, { recursive: true, mode: 0o700 });
    const store = await openSqliteStore(database);
    const events = new RequestEvents();
    const engineLog = { info: (text: string) => log.info(text), warn: (text: string) => log.warn(text) };
    const runner: Runner = createRunner({
      catalog,
      store,
      files: await createDiskFileStore({ folder: filesFolder, table: store.files }),
      events,
      router: createRouter(createEngines(config, engineLog)),
      fetcher: createFetcher(addressPolicy(config)),
      workFolder: join(work, "jobs"),
      limits: config.limits,
      log,
    });
    events.bridge((event) => send({ type: "event", event }));
    process.on("message", (message: ServerMessage) => {
      if (message.type === "event") events.receive(message.event);
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
    log.fatal({ err: error }, "the runner could not start");
    send({ type: "failed", message: error instanceof Error ? error.message : String(error) });
    process.exitCode = 1;
    process.disconnect?.();
  }
}
