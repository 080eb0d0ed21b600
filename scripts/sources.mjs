// The project's own TypeScript, for the checks.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** `[path, text]` of every TypeScript source under `src`, tests left out unless asked for. */
export function sources({ tests = false } = {}) {
  return readdirSync("src", { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.startsWith(join("kernels", "assembly")))
    .filter((name) => tests || !/\.(test|conformance)\./.test(name))
    .sort()
    .map((name) => [join("src", name), readFileSync(join("src", name), "utf8")]);
}
