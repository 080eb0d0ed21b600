// Installs the official WaveSpeed clients, newest and legacy, for the tests that run them: npm packages and, where there is
// Python, one virtual environment for each version.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { installPython, run } from "./python-environment.mjs";

const FOLDER = join(".build", "wavespeed-clients");
const NPM = ["0.3.2", "0.2.3", "0.0.15"];
const PYTHON = { newest: "wavespeed", legacy: "wavespeed==1.0.9" };

mkdirSync(FOLDER, { recursive: true });
const dependencies = Object.fromEntries(NPM.map((version) => [`wavespeed-${version}`, `npm:wavespeed@${version}`]));
writeFileSync(join(FOLDER, "package.json"), JSON.stringify({ private: true, dependencies }));
run("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"], {
  cwd: FOLDER,
  shell: process.platform === "win32",
});

for (const [name, requirement] of Object.entries(PYTHON))
  installPython(name, [requirement], join(FOLDER, `python-${name}`));
