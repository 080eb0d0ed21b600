/** The server as its users start it, and every process that it brought with it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** A server that runs in a process group of its own. */
export type ServerProcess = {
  readonly origin: string;
  readonly child: ChildProcess;
  /** SIGKILL: of the server's process alone, whose runner and workers must notice by themselves, or of its whole group. */
  kill(what: "server" | "group"): Promise<void>;
  /** SIGTERM. @returns the exit code. */
  stop(): Promise<number | null>;
};

/** One process of a server. */
export type OwnProcess = { readonly pid: number; readonly kind: "server" | "runner" | "worker" };

/** For a test's `skip` option: false where processes can be listed, else the reason. */
export const withoutProc: false | string = existsSync("/proc/self/environ") ? false : "there is no /proc here";

/**
 * Starts the command line on `<folder>/data`.
 * @param folder absolute, named by nobody else: it is how {@link processesOf} knows the processes.
 * @throws Error with what the server said when it ends instead of becoming ready.
 */
export async function launch(folder: string, options: readonly string[] = []): Promise<ServerProcess> {
  const child = start(folder, options);
  let said = "";
  child.stderr!.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4096);
  });
  for await (const line of createInterface({ input: child.stdout! })) {
    const origin = /ready at (\S+)/.exec(line)?.[1];
    if (origin) return { origin, child, ...controls(child) };
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  throw new Error(`the server did not start (${child.signalCode ?? child.exitCode}): ${said.trim()}`);
}

/** Starts the command line and kills its whole group after so many milliseconds, most likely before it is ready. */
export async function launchAndKill(folder: string, afterMs: number): Promise<void> {
  const child = start(folder, []);
  for (const output of [child.stdout, child.stderr]) output!.resume();
  await sleep(afterMs);
  await controls(child).kill("group");
}

function start(folder: string, options: readonly string[]): ChildProcess {
  const temporaries = join(folder, "tmp");
  mkdirSync(temporaries, { recursive: true });
  const cli = fileURLToPath(new URL("../../src/cli.js", import.meta.url));
  return spawn(process.execPath, [cli, "--port", "0", "--data", join(folder, "data"), ...options], {
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
    env: { ...process.env, TMPDIR: temporaries, RESHOOT_LOG: process.env.RESHOOT_LOG ?? "fatal" },
  });
}

function controls(child: ChildProcess): Pick<ServerProcess, "kill" | "stop"> {
  const ended = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const end = async (pid: number, signal: NodeJS.Signals): Promise<void> => {
    if (ended()) return;
    const gone = once(child, "exit");
    process.kill(pid, signal);
    await gone;
  };
  return {
    kill: (what) => end(what === "group" ? -child.pid! : child.pid!, "SIGKILL"),
    async stop() {
      await end(child.pid!, "SIGTERM");
      return child.exitCode;
    },
  };
}

/** Every process, of whatever life of the server, whose environment names the folder: by TMPDIR all of them do. */
export function processesOf(folder: string): OwnProcess[] {
  const found: OwnProcess[] = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if (!readFileSync(`/proc/${name}/environ`, "latin1").includes(folder)) continue;
      const command = readFileSync(`/proc/${name}/cmdline`, "latin1");
      const kind = command.includes("cli.js") ? "server" : command.includes("process.js") ? "runner" : "worker";
      found.push({ pid: Number(name), kind });
    } catch {
      // It ended meanwhile.
    }
  }
  return found;
}

/** Kills one process, if it is still there. */
export function killProcess({ pid }: OwnProcess): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended meanwhile.
  }
}

/** Asks again and again until there is an answer. @throws Error that says what did not happen in time. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  ms = 60_000,
): Promise<T> {
  for (const end = performance.now() + ms; performance.now() < end; await sleep(25)) {
    const answer = await ask();
    if (answer !== undefined) return answer;
  }
  throw new Error(`not within ${ms / 1000} s: ${what}`);
}
