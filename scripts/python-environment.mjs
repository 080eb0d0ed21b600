// Virtual environments of the checkout, for tests that run Python programs.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const windows = process.platform === "win32";

/** Installs or upgrades packages in a folder, `node_modules/.cache/<name>` unless told. Ends the process when that fails. */
export function installPython(name, packages, folder = join("node_modules", ".cache", name)) {
  const python = windows ? join(folder, "Scripts", "python.exe") : join(folder, "bin", "python");
  if (!existsSync(python)) run(windows ? "python" : "python3", ["-m", "venv", folder]);
  run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade", ...packages]);
}

/** Runs a command to its end. Ends the process, saying which command it was, when that fails. */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { stdio: "inherit", ...options });
  if (status === 0) return;
  console.error(`${command} ${args.join(" ")} failed${error ? `: ${error.message}` : ""}`);
  process.exit(status || 1);
}
