// Installs the newest official Python clients into a virtual environment of the checkout, for the tests that run them.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const FOLDER = join("node_modules", ".cache", "python-clients");
const PACKAGES = ["fal_client"];

const windows = process.platform === "win32";
const python = windows ? join(FOLDER, "Scripts", "python.exe") : join(FOLDER, "bin", "python");

function run(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: "inherit" });
  if (status === 0) return;
  console.error(`${command} ${args.join(" ")} failed${error ? `: ${error.message}` : ""}`);
  process.exit(status || 1);
}

if (!existsSync(python)) run(windows ? "python" : "python3", ["-m", "venv", FOLDER]);
run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade", ...PACKAGES]);
