// Every exported symbol says what it is: an export without a docblock right above it is a problem.
import { sources } from "./sources.mjs";

const EXPORT = /^export (?:default )?(?:async )?(?:abstract )?(?:const|let|function\*?|class|type|interface)\s+(\w+)/;

/** Problems as `file:line: what`. */
export function checkDocblocks() {
  const problems = [];
  for (const [path, text] of sources()) {
    const lines = text.split("\n");
    lines.forEach((line, index) => {
      const name = EXPORT.exec(line)?.[1];
      if (!name) return;
      let above = index - 1;
      while (above >= 0 && /^\/\/ biome-ignore/.test(lines[above])) above--;
      if (!lines[above]?.trimEnd().endsWith("*/")) problems.push(`${path}:${index + 1}: ${name} has no docblock`);
    });
  }
  return problems;
}
