// Installs the official WaveSpeed clients, newest and legacy, for the tests that run them: npm packages and, where there is
// Python, one virtual environment for each version.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const FOLDER = join(".build", "wavespeed-clients");
const NPM = ["0.3.2", "0.2.3", "0.0.15"];
const PYTHON = { newest: "wavespeed", legacy: "wavespeed==1.0.9" };

const windows = process.platform === "win32";

function run(command, args, cwd) {
  const { status, error } = spawnSync(command, args, { stdio: "inherit", cwd, shell: windows && command === "npm" });
  if (status === 0) return;
  console.error(`${command} ${args.join(" ")} failed${error ? `: ${error.message}` : ""}`);
  process.exit(status || 1);
}

mkdirSync(FOLDER, { recursive: true });
const dependencies = Object.fromEntries(NPM.map((version) => [`wavespeed-${version}`, `npm:wavespeed@${version}`]));
writeFileSync(join(FOLDER, "package.json"), JSON.stringify({ private: true, dependencies }));
run("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"], FOLDER);

for (const [name, requirement] of Object.entries(PYTHON)) {
  const folder = join(FOLDER, `python-${name}`);
  const python = windows ? join(folder, "Scripts", "python.exe") : join(folder, "bin", "python");
  if (!existsSync(python)) run(windows ? "python" : "python3", ["-m", "venv", folder]);
  run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade", requirement]);
}
