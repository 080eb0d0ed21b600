/** The built app in memory: it is small, and every file is there in the encodings that browsers take. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** One file of the app. */
export type AppFile = {
  readonly contentType: string;
  /** Strong, with its quotes. */
  readonly etag: string;
  /** Whether its name changes with its content. */
  readonly hashed: boolean;
  readonly bytes: { readonly identity: Buffer; readonly br?: Buffer; readonly gzip?: Buffer };
};

const FOLDER = fileURLToPath(new URL("../../playground/", import.meta.url));

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

/** Files by their path under the app's root, `index.html` and `assets/…`; empty when the app is not built. */
export async function readAppFiles(folder = FOLDER): Promise<ReadonlyMap<string, AppFile>> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const files = new Map<string, AppFile>();
  for (const name of names) {
    const contentType = TYPES[extname(name)];
    if (!contentType) continue;
    const identity = await readFile(join(folder, name));
    const br = await readFile(join(folder, `${name}.br`)).catch(() => undefined);
    const gzip = await readFile(join(folder, `${name}.gz`)).catch(() => undefined);
    const path = name.replaceAll("\\", "/");
    files.set(path, {
      contentType,
      etag: `"${createHash("sha256").update(identity).digest("base64url").slice(0, 22)}"`,
      hashed: path.startsWith("assets/"),
      bytes: { identity, ...(br && { br }), ...(gzip && { gzip }) },
    });
  }
  return files;
}
