// Builds everything into dist/ (or $RESHOOT_DIST): kernels to WASM, TypeScript to JavaScript.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

export const DIST = process.env.RESHOOT_DIST ?? "dist";
const SOURCES = ["src", "demo", "test", "bench", "scripts", "package.json", "package-lock.json", "tsconfig.json"];
const KERNELS = "src/kernels/assembly";
const NETS = "src/vision/segmentation/nets";

/** Whether the build succeeded; the tools print what went wrong. */
export function build() {
  mkdirSync(`${DIST}/src/kernels`, { recursive: true });
  rmSync(`${DIST}/.built`, { force: true });
  cpSync(NETS, `${DIST}/${NETS}`, { recursive: true });
  const ok = buildKernels() && node("node_modules/typescript/bin/tsc", ["-p", ".", ...outputs()]);
  if (ok) writeFileSync(`${DIST}/.built`, "");
  return ok;
}

/** Modification time of the newest file that the build reads. */
export function newestSource() {
  let newest = 0;
  const visit = (path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat) return;
    if (stat.isDirectory()) for (const name of readdirSync(path)) visit(join(path, name));
    newest = Math.max(newest, stat.mtimeMs);
  };
  for (const source of SOURCES) visit(source);
  return newest;
}

function outputs() {
  return DIST === "dist" ? [] : ["--outDir", DIST, "--tsBuildInfoFile", `${DIST}/.tsbuildinfo`];
}

function buildKernels() {
  const entry = join(KERNELS, "index.ts");
  if (!statSync(entry, { throwIfNoEntry: false })) return true;
  const output = `${DIST}/src/kernels/kernels.wasm`;
  // 64 KiB pages; the memory is imported, shared and as large as its creator chose, up to this maximum.
  const flags = ["-O3", "--converge", "--noAssert", "--runtime", "stub", "--importMemory", "--sharedMemory"];
  const memory = ["--initialMemory", "16", "--maximumMemory", "65536", "--enable", "simd", "--enable", "threads"];
  return node("node_modules/assemblyscript/bin/asc.js", [entry, "-o", output, ...flags, ...memory]);
}

function node(script, args) {
  return spawnSync(process.execPath, [script, ...args], { stdio: "inherit" }).status === 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.exit(build() ? 0 : 1);
