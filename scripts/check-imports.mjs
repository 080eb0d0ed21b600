// Import cycles, and dependencies that point the wrong way: a room may import itself and rooms above it in this list.
import { dirname, join, normalize } from "node:path";
import { sources } from "./sources.mjs";

const ROOMS = [
  ["errors.ts", "config.ts"],
  ["observability"],
  ["kernels"],
  ["vision"],
  ["media"],
  ["samples"],
  ["files"],
  ["operations"],
  ["endpoints"],
  ["requests"],
  ["engines"],
  ["runner"],
  ["services.ts"],
  ["http"],
  ["fal", "wavespeed", "playground"],
  ["tls"],
  ["connections.ts", "guard.ts"],
  ["server.ts"],
  ["index.ts", "cli.ts"],
];
/** Stand on their own: may import the rooms up to the one named, or nothing. */
const ASIDE = { client: -1 };

const rank = (path) => ROOMS.findIndex((names) => names.includes(room(path)));
const room = (path) => path.split("/")[1];

/** Problems as `file: what`. Type-only imports count for cycles of values not at all, and may name interfaces anywhere. */
export function checkImports() {
  const problems = [];
  const graph = new Map();
  for (const [path, text] of sources()) {
    const targets = [];
    for (const [, clause, specifier] of text.matchAll(/^\s*(?:import|export)\s+([^"';]*?from\s+)?"(\.[^"]+)"/gms)) {
      if (/^type\s/.test(clause ?? "")) continue;
      const target = normalize(join(dirname(path), specifier));
      targets.push(target);
      const [from, to] = [rank(path), rank(target)];
      const aside = ASIDE[room(path)];
      const limit = aside ?? from;
      if (room(path) === room(target)) continue;
      if (limit === -1 && aside === undefined)
        problems.push(`${path}: the room ${room(path)} is not listed in ${import.meta.url}`);
      else if (to === -1 || to > limit) problems.push(`${path}: must not import ${target}`);
    }
    graph.set(path, targets);
  }
  return [...problems, ...cycles(graph)];
}

function cycles(graph) {
  const state = new Map();
  const found = [];
  const visit = (path, trail) => {
    if (state.get(path) === "done" || !graph.has(path)) return;
    if (state.get(path) === "open") {
      found.push(`import cycle: ${[...trail.slice(trail.indexOf(path)), path].join(" -> ")}`);
      return;
    }
    state.set(path, "open");
    for (const target of graph.get(path)) visit(target, [...trail, path]);
    state.set(path, "done");
  };
  for (const path of graph.keys()) visit(path, []);
  return found;
}
