/** Writing files so that they are whole and on the disk, or absent. */
import { createHash } from "node:crypto";
import * as fs from "node:fs/promises";
import { IncomingMessage } from "node:http";
import { dirname } from "node:path";
import type { Readable } from "node:stream";
import { ReshootError, toReshootError } from "../errors.ts";
import { SNIFF_BYTES } from "./sniff.ts";

/** The calls that can fail for want of space, across devices or on odd file systems. Tests replace them. */
export type FileSystem = Pick<typeof fs, "open" | "rename" | "link">;

/** What is known of bytes that were written or read to their end. */
export type Facts = {
  readonly size: number;
  /** Hex. */
  readonly sha256: string;
  /** The first {@link SNIFF_BYTES} bytes, or all of a shorter file. */
  readonly head: Uint8Array;
};

/** Stored bytes are never changed: jobs get hard links to them. */
const READ_ONLY = 0o400;

/**
 * Writes a stream into a new file and flushes it. On failure nothing is left.
 * A request that is refused halfway stays open, because it has yet to be answered; any other source is destroyed.
 * @throws `file_too_large`, `storage_full`, `client_disconnected` when the source breaks off; the source's own errors.
 */
export async function writeDurably(
  system: FileSystem,
  source: Readable,
  path: string,
  limit: { maxBytes: number },
): Promise<Facts> {
  const counter = new FactsCounter(limit.maxBytes);
  const handle = await system.open(path, "wx", 0o600).catch((thrown: unknown) => {
    discard(source);
    throw translate(thrown);
  });
  try {
    try {
      for await (const chunk of source.iterator({ destroyOnReturn: false })) {
        const bytes = typeof chunk === "string" ? Buffer.from(chunk) : (chunk as Uint8Array);
        counter.add(bytes);
        await handle.appendFile(bytes);
      }
      await handle.chmod(READ_ONLY);
      await handle.sync();
    } finally {
      await handle.close();
    }
    return counter.facts();
  } catch (thrown) {
    discard(source);
    await fs.rm(path, { force: true });
    throw translate(thrown);
  }
}

/** Moves a flushed file to its place, and flushes the move. */
export async function publish(system: FileSystem, path: string, target: string): Promise<void> {
  const folder = dirname(target);
  // A new folder is itself an entry that a power cut can take away.
  if (await fs.mkdir(folder, { recursive: true, mode: 0o700 })) await syncFolder(system, dirname(folder));
  await system.rename(path, target);
  await syncFolder(system, folder);
}

/**
 * Hashes and flushes a regular file that somebody else wrote, and makes it read-only.
 * @throws Error when the path is a link or no regular file.
 */
export async function sealFile(system: FileSystem, path: string): Promise<Facts> {
  // Without NONBLOCK, opening a named pipe would wait for ever.
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  const handle = await system.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    if (!(await handle.stat()).isFile()) throw new Error(`${path} is not a regular file`);
    const counter = new FactsCounter(Number.POSITIVE_INFINITY);
    for await (const chunk of handle.createReadStream({ autoClose: false, start: 0 })) counter.add(chunk as Buffer);
    await handle.chmod(READ_ONLY);
    await flush(handle);
    return counter.facts();
  } finally {
    await handle.close();
  }
}

/** Whether a failed system call has one of these codes. */
export function hasCode(thrown: unknown, ...codes: readonly string[]): boolean {
  return thrown instanceof Error && "code" in thrown && codes.includes(String(thrown.code));
}

class FactsCounter {
  readonly #hash = createHash("sha256");
  readonly #head = Buffer.alloc(SNIFF_BYTES);
  readonly #maxBytes: number;
  #size = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  add(bytes: Uint8Array): void {
    if (this.#size < SNIFF_BYTES) this.#head.set(bytes.subarray(0, SNIFF_BYTES - this.#size), this.#size);
    this.#size += bytes.length;
    if (this.#size > this.#maxBytes) throw tooLarge(this.#maxBytes);
    this.#hash.update(bytes);
  }

  facts(): Facts {
    const head = this.#head.subarray(0, Math.min(this.#size, SNIFF_BYTES));
    return { size: this.#size, sha256: this.#hash.digest("hex"), head };
  }
}

/** The error of a file over its limit; whoever knows the field adds it. */
export function tooLarge(maxBytes: number): ReshootError {
  const msg = `The file is larger than ${maxBytes} bytes`;
  return new ReshootError("file_too_large", msg, {
    issues: [{ loc: ["body"], msg, type: "file_too_large", ctx: { max_size: maxBytes } }],
  });
}

async function syncFolder(system: FileSystem, folder: string): Promise<void> {
  // Windows has no such call, and its file system journals names by itself.
  if (process.platform === "win32") return;
  const handle = await system.open(folder, "r");
  await handle.sync().finally(() => handle.close());
}

async function flush(handle: fs.FileHandle): Promise<void> {
  await handle.sync().catch((thrown: unknown) => {
    // Windows flushes only files that are open for writing.
    if (process.platform !== "win32" || !hasCode(thrown, "EPERM")) throw thrown;
  });
}

function discard(source: Readable): void {
  if (!(source instanceof IncomingMessage)) source.destroy();
}

function translate(thrown: unknown): unknown {
  if (hasCode(thrown, "ENOSPC", "EDQUOT")) return toReshootError(thrown);
  if (hasCode(thrown, "ECONNRESET", "ERR_STREAM_PREMATURE_CLOSE", "ABORT_ERR")) {
    return new ReshootError("client_disconnected", "The upload broke off", { cause: thrown });
  }
  return thrown;
}
