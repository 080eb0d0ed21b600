/** The playground's first view stays small. */
import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const APP = fileURLToPath(new URL("../../playground/", import.meta.url));
const MOST_BYTES = 200_000;

/** The file as browsers get it: fonts are compressed already, everything else lies beside itself as Brotli. */
async function transferred(name: string): Promise<number> {
  return (await stat(join(APP, name.endsWith(".woff2") ? name : `${name}.br`))).size;
}

test("what the gallery loads first is at most 200 kB compressed", async () => {
  const html = await readFile(join(APP, "index.html"), "utf8");
  const names = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map(([, name]) => name!);
  // Modules name what they import at once, style sheets the fonts they draw with.
  const loaded = new Set(["index.html"]);
  for (const name of names) {
    if (loaded.has(name)) continue;
    loaded.add(name);
    const code = /\.(js|css)$/.test(name) ? await readFile(join(APP, name), "utf8") : "";
    for (const [, path] of code.matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g)) names.push(`assets/${path}`);
    for (const [, path] of code.matchAll(/url\(["']?\/(assets\/[^)"']+)/g)) names.push(path!);
  }
  for (const kind of [".js", ".css", ".woff2"]) {
    assert.ok(
      [...loaded].some((name) => name.endsWith(kind)),
      `no ${kind} found in ${[...loaded]}`,
    );
  }
  const sizes = await Promise.all([...loaded].map(async (name) => [name, await transferred(name)] as const));
  const sum = sizes.reduce((total, [, bytes]) => total + bytes, 0);
  assert.ok(sum <= MOST_BYTES, `${sum} bytes: ${sizes.map((size) => size.join(" ")).join(", ")}`);
});
