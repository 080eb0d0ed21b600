// Builds everything into dist/ (or $RESHOOT_DIST): kernels to WASM, TypeScript to JavaScript, the playground to assets.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

export const DIST = process.env.RESHOOT_DIST ?? "dist";
const CODE = ["src", "demo", "test", "bench", "scripts", "package.json", "package-lock.json", "tsconfig.json"];
const APP = "playground";
const APP_SOURCES = [APP, "package-lock.json", "scripts/build.mjs"];
const KERNELS = "src/kernels/assembly";
const BUNDLES = [
  { module: "src/endpoints/typebox.js", library: "typebox" },
  { module: "src/observability/prom-client.js", library: "prom-client" },
];
/** Weights and graphs of nets, which lie beside the code that runs them. */
const NET_FILE = /\.(net|graph|weights)$/;

/** Whether the build succeeded; the tools print what went wrong. */
export function build() {
  mkdirSync(`${DIST}/src/kernels`, { recursive: true });
  rmSync(`${DIST}/.built`, { force: true });
  copyNets();
  const ok =
    buildKernels() &&
    node("node_modules/typescript/bin/tsc", ["-p", ".", ...outputs()]) &&
    BUNDLES.every(bundle) &&
    buildApp();
  if (ok) writeFileSync(`${DIST}/.built`, "");
  return ok;
}

/** Modification time of the newest file that the build reads. */
export function newestSource(sources = [...CODE, APP]) {
  let newest = 0;
  const visit = (path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat) return;
    if (stat.isDirectory()) for (const name of readdirSync(path)) visit(join(path, name));
    newest = Math.max(newest, stat.mtimeMs);
  };
  for (const source of sources) visit(source);
  return newest;
}

function outputs() {
  return DIST === "dist" ? [] : ["--outDir", DIST, "--tsBuildInfoFile", `${DIST}/.tsbuildinfo`];
}

/** Trained nets lie beside the code that reads them. */
function copyNets() {
  for (const name of readdirSync("src", { recursive: true, encoding: "utf8" })) {
    if (!NET_FILE.test(name)) continue;
    mkdirSync(dirname(join(DIST, "src", name)), { recursive: true });
    copyFileSync(join("src", name), join(DIST, "src", name));
  }
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

/**
 * A module that only hands on a library becomes the library, in one file: opening each of its files, in every process, took
 * longer than everything else at start. The compiler writes its own when that changed.
 */
function bundle({ module, library }) {
  const file = join(DIST, module);
  if (!readFileSync(file, "utf8").includes(`from "${library}"`)) return true;
  const options = ["--file", file, "--format", "esm", "--platform", "node", "--log-level", "silent"];
  return node("node_modules/rolldown/bin/cli.mjs", [file, ...options]);
}

/** The playground, each file also compressed: the server sends what the browser takes. Skipped when nothing changed. */
function buildApp() {
  const folder = resolve(DIST, APP);
  const stamp = join(folder, ".built");
  if ((statSync(stamp, { throwIfNoEntry: false })?.mtimeMs ?? 0) > newestSource(APP_SOURCES)) return true;
  const vite = ["build", APP, "--outDir", folder, "--logLevel", "warn"];
  if (!node("node_modules/vite/bin/vite.js", vite)) return false;
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!/\.(html|js|css|svg)$/.test(name)) continue;
    const bytes = readFileSync(join(folder, name));
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
    writeFileSync(join(folder, `${name}.br`), brotliCompressSync(bytes, { params }));
    writeFileSync(join(folder, `${name}.gz`), gzipSync(bytes, { level: 9 }));
  }
  writeFileSync(stamp, "");
  return true;
}

function node(script, args) {
  return spawnSync(process.execPath, [script, ...args], { stdio: "inherit" }).status === 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.exit(build() ? 0 : 1);
