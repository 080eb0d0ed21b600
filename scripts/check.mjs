// `npm run check`: types, lint and format, import cycles, one-way dependencies, docblocks. Prints what is wrong and where.
import { spawnSync } from "node:child_process";
import { checkDocblocks } from "./check-docblocks.mjs";
import { checkImports } from "./check-imports.mjs";

const node = (script, args) => spawnSync(process.execPath, [script, ...args], { stdio: "inherit" }).status === 0;
const report = (problems) => {
  for (const problem of problems) console.log(`  ${problem}`);
  return problems.length === 0;
};

const checks = {
  types: () =>
    [".", "playground"].every((project) =>
      node("node_modules/typescript/bin/tsc", ["-p", project, "--noEmit", "--incremental", "false"]),
    ),
  "lint and format": () => node("node_modules/@biomejs/biome/bin/biome", ["ci", "."]),
  "cycles and one-way dependencies": () => report(checkImports()),
  docblocks: () => report(checkDocblocks()),
};

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  const ok = check();
  console.log(`${ok ? "ok    " : "FAILED"} ${name}`);
  if (!ok) failed++;
}
process.exit(failed);
