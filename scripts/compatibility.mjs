// Writes docs/compatibility.md from the built catalog.
import { mkdirSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const dist = process.env.RESHOOT_DIST ?? "dist";
const load = (path) => import(pathToFileURL(`${dist}/src/endpoints/${path}`).href);
const { catalog } = await load("index.js");
const { CPU_OPERATIONS, renderCompatibility } = await load("docs.js");

mkdirSync("docs", { recursive: true });
writeFileSync("docs/compatibility.md", renderCompatibility(catalog, CPU_OPERATIONS));
