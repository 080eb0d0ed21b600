/** Parts of multipart uploads on disk: `<folder>/<file id>/<part number>`. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { ReshootError } from "../errors.ts";
import { type Facts, type FileSystem, hasCode, publish, tooLarge, writeDurably } from "./durable.ts";
import { createKeyedLock } from "./keyed-lock.ts";

/** Most parts of one upload, as with S3. */
export const MAX_PARTS = 10_000;

/** A part as the client lists it at the end. */
export type ListedPart = { readonly partNumber: number; readonly etag: string };

/** Bytes of multipart uploads until they are assembled. */
export type Parts = {
  /** Stores or replaces a part. @returns its etag: the hex SHA-256. `maxBytes` holds for all parts together. */
  put(id: string, part: number, bytes: Readable, limit: { maxBytes: number }): Promise<string>;
  /**
   * The listed parts in part order as one stream, which fails with `bad_request` when a part is missing or differs.
   * @throws `bad_request` when the list itself is not valid.
   */
  assemble(id: string, parts: readonly ListedPart[]): Readable;
  remove(id: string): Promise<void>;
  /** Removes uploads without a new part since their cutoff (ms since the epoch). @returns how many. */
  sweep(cutoffOf: (id: string) => Promise<number>): Promise<number>;
};

/**
 * @param folder exists.
 * @param newTemporary paths of new temporary files on the same file system.
 */
export function createParts(system: FileSystem, folder: string, newTemporary: () => string): Parts {
  const locked = createKeyedLock();
  /** Bytes per part of the uploads that this process has seen. */
  const known = new Map<string, Map<number, number>>();

  const sizesOf = async (id: string) => known.get(id) ?? (await readSizes(join(folder, id)));
  const roomFor = (sizes: Map<number, number>, part: number, maxBytes: number): number => {
    let room = maxBytes;
    for (const [other, size] of sizes) if (other !== part) room -= size;
    return room;
  };
  const remove = (id: string) =>
    locked(id, async () => {
      known.delete(id);
      await rm(join(folder, id), { recursive: true, force: true });
    });

  return {
    async put(id, part, bytes, { maxBytes }) {
      if (!isPartNumber(part)) throw new ReshootError("bad_request", `The part number must be 1 to ${MAX_PARTS}`);
      const room = roomFor(await locked(id, () => sizesOf(id)), part, maxBytes);
      const temporary = newTemporary();
      let facts: Facts;
      try {
        facts = await writeDurably(system, bytes, temporary, { maxBytes: Math.max(0, room) });
      } catch (thrown) {
        throw thrown instanceof ReshootError && thrown.code === "file_too_large" ? tooLarge(maxBytes) : thrown;
      }
      return locked(id, async () => {
        try {
          // Other parts may have come in meanwhile.
          const sizes = await sizesOf(id);
          if (facts.size > roomFor(sizes, part, maxBytes)) throw tooLarge(maxBytes);
          await mkdir(join(folder, id), { recursive: true, mode: 0o700 });
          await publish(system, temporary, join(folder, id, String(part)));
          known.set(id, sizes.set(part, facts.size));
          return facts.sha256;
        } finally {
          await rm(temporary, { force: true });
        }
      });
    },

    assemble(id, parts) {
      const sorted = readList(parts);
      return Readable.from(concatenate(join(folder, id), sorted), { objectMode: false });
    },

    remove,

    async sweep(cutoffOf) {
      let removed = 0;
      for (const id of await readdir(folder)) {
        const age = await stat(join(folder, id)).catch(() => undefined);
        if (!age || Math.max(age.mtimeMs, age.ctimeMs) > (await cutoffOf(id))) continue;
        await remove(id);
        removed++;
      }
      return removed;
    },
  };
}

async function readSizes(folder: string): Promise<Map<number, number>> {
  const names = await readdir(folder).catch((thrown: unknown) => {
    if (hasCode(thrown, "ENOENT")) return [];
    throw thrown;
  });
  const sizes = new Map<number, number>();
  for (const name of names) sizes.set(Number(name), (await stat(join(folder, name))).size);
  return sizes;
}

function readList(parts: readonly ListedPart[]): ListedPart[] {
  if (parts.length === 0 || parts.length > MAX_PARTS) {
    throw new ReshootError("bad_request", `The list of parts must have 1 to ${MAX_PARTS} entries`);
  }
  const seen = new Set<number>();
  for (const { partNumber } of parts) {
    if (!isPartNumber(partNumber)) {
      throw new ReshootError("bad_request", `Part numbers must be whole numbers of 1 to ${MAX_PARTS}`);
    }
    if (seen.has(partNumber)) throw new ReshootError("bad_request", `Part ${partNumber} is listed twice`);
    seen.add(partNumber);
  }
  return [...parts].sort((a, b) => a.partNumber - b.partNumber);
}

async function* concatenate(folder: string, parts: readonly ListedPart[]): AsyncGenerator<Buffer> {
  for (const { partNumber, etag } of parts) {
    const hash = createHash("sha256");
    try {
      for await (const chunk of createReadStream(join(folder, String(partNumber)))) {
        hash.update(chunk as Buffer);
        yield chunk as Buffer;
      }
    } catch (thrown) {
      if (!hasCode(thrown, "ENOENT")) throw thrown;
      throw new ReshootError("bad_request", `Part ${partNumber} was not uploaded`);
    }
    if (hash.digest("hex") !== bareEtag(etag)) {
      throw new ReshootError("bad_request", `Part ${partNumber} does not have the etag that the list gives`);
    }
  }
}

/** Clients send back what the header said, with its quotes or without. */
function bareEtag(etag: string): string {
  return etag.replace(/^(W\/)?"(.*)"$/, "$2").toLowerCase();
}

function isPartNumber(part: number): boolean {
  return Number.isInteger(part) && part >= 1 && part <= MAX_PARTS;
}
