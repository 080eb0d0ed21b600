/** The start of a runner's process. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";

/**
 * Starts a runner, which loads its program and then waits for its configuration, a message. It ends with this process.
 * @param program what it runs. @defaultValue process.js beside this file
 */
export function forkRunner(program: URL = new URL("./process.js", import.meta.url)): ChildProcess {
  return fork(fileURLToPath(program), { stdio: ["ignore", "inherit", "inherit", "ipc"], env: runnerEnvironment() });
}

/** The runner reads its configuration from a message; of the environment it gets what processes need to run at all. */
function runnerEnvironment(): NodeJS.ProcessEnv {
  const kept = ["PATH", "HOME", "TMPDIR", "TEMP", "TMP", "LANG", "TZ", "SystemRoot", "NODE_OPTIONS"];
  return Object.fromEntries(
    kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}
