/** The start of a runner's process. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Config } from "../config.ts";
import { lockDataFolder } from "../requests/data-lock.ts";
import type { ServerMessage } from "./messages.ts";

const PROGRAM = new URL("./process.js", import.meta.url);
/** The runner reads its configuration from a message; of the environment it gets what processes need to run at all. */
const KEPT = ["PATH", "HOME", "TMPDIR", "TEMP", "TMP", "LANG", "TZ", "SystemRoot", "NODE_OPTIONS"];

/** What a runner is started with. */
export type RunnerStart = {
  readonly config: Config;
  /** pino level of what it logs. */
  readonly logLevel: string;
  /** What it runs. @defaultValue process.js beside this file */
  readonly program?: URL | undefined;
};

/** A data folder that is held, and its first runner on the way. */
export type Launched = { readonly lock: { release(): void }; readonly runner: ChildProcess };

/**
 * What can be under way before the server's own program is loaded: the hold on the data folder, and the first runner,
 * which loads its program and starts its engines meanwhile.
 * @throws ReshootError `unavailable` when another server holds the data folder or it cannot be written.
 */
export async function launch(start: RunnerStart): Promise<Launched> {
  const runner = forkProgram(start);
  try {
    const lock = await lockDataFolder(start.config.data);
    // Not earlier: its engines clear folders that belong to whoever holds the lock.
    configure(runner, start);
    return { lock, runner };
  } catch (error) {
    runner.kill();
    throw error;
  }
}

/** Starts a runner on a data folder that this server holds. It touches no request before it is told to begin, and ends with this process. */
export function forkRunner(start: RunnerStart): ChildProcess {
  const runner = forkProgram(start);
  configure(runner, start);
  return runner;
}

/** A message to a process that may be dying: its exit is noticed elsewhere. */
export function tell(runner: ChildProcess, message: ServerMessage): void {
  if (runner.connected) runner.send(message, () => undefined);
}

function forkProgram({ program = PROGRAM }: RunnerStart): ChildProcess {
  const env = Object.fromEntries(KEPT.flatMap((name) => (name in process.env ? [[name, process.env[name]]] : [])));
  return fork(fileURLToPath(program), { stdio: ["ignore", "inherit", "inherit", "ipc"], env });
}

function configure(runner: ChildProcess, { config, logLevel }: RunnerStart): void {
  // The keys are the server's business alone.
  const secretless: Config = { ...config, keys: config.keys.map(({ id }) => ({ id, secret: "" })) };
  tell(runner, { type: "config", config: secretless, logLevel });
}
