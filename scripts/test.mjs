// Runs the built tests: all, or those under the given source paths (`node scripts/test.mjs src/files test`).
// Ends with the line `N passed, N failed, N skipped`.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";

const DIST = process.env.RESHOOT_DIST ?? "dist";
const only = process.argv.slice(2);

const files = readdirSync(DIST, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".test.js"))
  .filter((name) => only.length === 0 || only.some((path) => name.startsWith(path.replace(/\.ts$/, ".js"))))
  .map((name) => join(DIST, name))
  .sort();
if (files.length === 0) {
  console.error("No test matches.");
  process.exit(1);
}

const counts = { passed: 0, failed: 0, skipped: 0 };
const skipped = [];
const stream = run({ files, concurrency: 2, timeout: 15 * 60_000 });
const isTest = (event) => event.details.type !== "suite";
stream.on("test:pass", (event) => {
  if (!isTest(event)) return;
  if (event.skip !== undefined || event.todo !== undefined) {
    counts.skipped++;
    skipped.push(`${event.name}: ${event.skip ?? event.todo}`);
  } else counts.passed++;
});
stream.on("test:fail", (event) => {
  if (isTest(event)) counts.failed++;
});
const report = stream.compose(spec);
report.pipe(process.stdout);
report.on("end", () => {
  for (const line of skipped) console.log(`skipped ${line}`);
  if (process.env.CI && counts.skipped > 0) console.log("In CI nothing may be skipped.");
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  process.exit(counts.failed > 0 || counts.passed === 0 || (process.env.CI && counts.skipped > 0) ? 1 : 0);
});
