/** The server's own secret: it signs tokens, upload URLs and webhooks, and must survive restarts. */
import { randomBytes } from "node:crypto";
import * as fs from "node:fs/promises";
import { join } from "node:path";
import { hasCode, publish } from "../files/durable.ts";

const LENGTH = 32;

/**
 * 32 random bytes, made once and kept in the data folder, readable by its owner only. They come into being whole: a crash or a
 * full disk on the way leaves none. The caller holds the data folder.
 * @throws Error when what is kept there is no secret.
 */
export async function serverSecret(data: string): Promise<Uint8Array> {
  const path = join(data, "secret");
  const kept = await read(path);
  if (kept) {
    if (kept.length !== LENGTH) throw new Error(`${path} is damaged: delete it and start again`);
    return kept;
  }
  const secret = randomBytes(LENGTH);
  const unfinished = `${path}.new`;
  await fs.rm(unfinished, { force: true });
  const file = await fs.open(unfinished, "wx", 0o600);
  try {
    await file.writeFile(secret);
    await file.sync();
  } finally {
    await file.close();
  }
  await publish(fs, unfinished, path);
  return secret;
}

function read(path: string): Promise<Uint8Array | undefined> {
  return fs.readFile(path).catch((thrown: unknown) => {
    if (hasCode(thrown, "ENOENT")) return undefined;
    throw thrown;
  });
}
