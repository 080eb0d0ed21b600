// Makes a fresh clone ready: installs packages when they are missing or older than the lock file, builds when a source is
// newer than the last build. Needs nothing but Node and npm, so that `npm test` can be the very first command.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { build, DIST, newestSource } from "./build.mjs";

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Reshoot needs Node 20.19 or newer; this is ${process.versions.node}.`);
  process.exit(1);
}

const STAMP = "node_modules/.reshoot-install";
const wanted = createHash("sha256").update(readFileSync("package-lock.json")).update(process.version).digest("hex");
const installed = existsSync(STAMP) ? readFileSync(STAMP, "utf8") : "";
if (installed !== wanted) {
  console.log("Installing packages (npm ci)...");
  const npm = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
    stdio: ["ignore", "inherit", "inherit"],
    shell: process.platform === "win32",
  });
  if (npm.status !== 0) process.exit(npm.status ?? 1);
  writeFileSync(STAMP, wanted);
}

const built = existsSync(`${DIST}/.built`) ? statSync(`${DIST}/.built`).mtimeMs : 0;
if (built < newestSource()) {
  console.log("Building...");
  if (!build()) process.exit(1);
}
