/** The file store on a local disk: `<folder>/<first two characters of the id>/<id>`, `<folder>/tmp`, `<folder>/parts`. */
import { randomBytes } from "node:crypto";
import { closeSync, createReadStream, fstatSync, openSync } from "node:fs";
import * as fs from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { ReshootError } from "../errors.ts";
import type { FileRecord, FileTable } from "../requests/store.ts";
import { nameFor, storedContentType } from "./content.ts";
import { type Facts, type FileSystem, hasCode, publish, sealFile, writeDurably } from "./durable.ts";
import { fileExtension, sanitizeFileName } from "./file-name.ts";
import { createKeyedLock } from "./keyed-lock.ts";
import { createParts } from "./parts.ts";
import type { FileStore, NewFile } from "./store.ts";

const HOUR_MS = 3_600_000;

/** Ids per question to the table during a sweep. */
const SWEEP_BATCH = 500;

/** 16 bytes in base64url: the last character carries two bits. Nothing else ever becomes part of a path. */
const ID = /^[A-Za-z0-9_-]{21}[AQgw]$/;

/**
 * Opens the store in a folder, which is created. One process at a time may complete pending files; any number may read.
 *
 * What is uploaded is written to a temporary file, hashed, flushed, moved to its place, the folder flushed, and only then
 * is the row written: a crash leaves a temporary file or bytes without a row, and {@link FileStore.sweep} removes both.
 *
 * A pending file may be filled again until it is ready. After that the same bytes are accepted once more, because clients
 * repeat an upload whose answer was lost, and other bytes are refused with `bad_request`. Completing parts again returns
 * the file as it is.
 * @param options.system replaces file system calls, for tests.
 */
export async function createDiskFileStore(options: {
  folder: string;
  table: FileTable;
  now?: () => number;
  system?: FileSystem;
}): Promise<FileStore> {
  const { folder, table, now = Date.now, system = fs } = options;
  const temporaries = join(folder, "tmp");
  const partsFolder = join(folder, "parts");
  for (const path of [temporaries, partsFolder]) await fs.mkdir(path, { recursive: true, mode: 0o700 });

  const locked = createKeyedLock();
  const newTemporary = () => join(temporaries, randomBytes(16).toString("hex"));
  const parts = createParts(system, partsFolder, newTemporary);
  const pathOf = (id: string) => {
    if (!ID.test(id)) throw notFound();
    return join(folder, id.slice(0, 2), id);
  };
  const newRecord = (file: NewFile, state: FileRecord["state"], facts?: Facts): FileRecord => {
    const contentType = storedContentType([file.contentType], facts?.head ?? new Uint8Array());
    const { accountId, requestId, access, expiresAt } = file;
    return {
      id: randomBytes(16).toString("base64url"),
      accountId,
      requestId,
      fileName: sanitizeFileName(file.fileName) || nameFor(contentType),
      contentType,
      size: facts?.size ?? 0,
      sha256: facts?.sha256 ?? "",
      state,
      access,
      createdAt: now(),
      expiresAt,
    };
  };
  const get = async (id: string): Promise<FileRecord | undefined> => {
    const record = ID.test(id) ? await table.get(id) : undefined;
    return record && (record.expiresAt === null || record.expiresAt > now()) ? record : undefined;
  };
  const getExisting = async (id: string): Promise<FileRecord> => {
    const record = await get(id);
    if (!record) throw notFound();
    return record;
  };
  const getPending = async (id: string): Promise<FileRecord> => {
    const record = await getExisting(id);
    if (record.state !== "pending") throw alreadyComplete();
    return record;
  };

  /** Gives a pending file its bytes; the caller's temporary file is gone afterwards. */
  const complete = (id: string, temporary: string, facts: Facts, contentType?: string): Promise<FileRecord> =>
    locked(id, async () => {
      try {
        const record = await getExisting(id);
        if (record.state === "ready") {
          if (record.sha256 === facts.sha256) return record;
          throw alreadyComplete();
        }
        const { size, sha256, head } = facts;
        const done = { size, sha256, contentType: storedContentType([contentType, record.contentType], head) };
        await publish(system, temporary, pathOf(id));
        if (!(await table.markReady(id, done))) {
          await fs.rm(pathOf(id), { force: true });
          throw notFound();
        }
        return { ...record, ...done, state: "ready" };
      } finally {
        await fs.rm(temporary, { force: true });
      }
    });

  return {
    async put(file, bytes, limit) {
      const temporary = newTemporary();
      const record = newRecord(file, "ready", await writeDurably(system, bytes, temporary, limit));
      const path = pathOf(record.id);
      try {
        await publish(system, temporary, path);
        await table.insert(record);
      } catch (thrown) {
        for (const left of [temporary, path]) await fs.rm(left, { force: true });
        throw thrown;
      }
      return record;
    },

    async reserve(file) {
      const record = newRecord(file, "pending");
      await table.insert(record);
      return record;
    },

    async fill(id, bytes, limit, contentType) {
      await getExisting(id);
      const temporary = newTemporary();
      const facts = await writeDurably(system, bytes, temporary, limit);
      return complete(id, temporary, facts, contentType);
    },

    async putPart(id, part, bytes, limit) {
      await getPending(id);
      return parts.put(id, part, bytes, limit);
    },

    async completeParts(id, listed, limit) {
      const record = await getExisting(id);
      if (record.state === "ready") return record;
      const temporary = newTemporary();
      const facts = await writeDurably(system, parts.assemble(id, listed), temporary, limit);
      const done = await complete(id, temporary, facts);
      await parts.remove(id);
      return done;
    },

    get,

    read(file, range) {
      const path = pathOf(file.id);
      const start = range?.start ?? 0;
      const end = range?.end ?? file.size - 1;
      if (range && !(start >= 0 && start <= end && end < file.size)) {
        throw new ReshootError("range_not_satisfiable", `The file has ${file.size} bytes`);
      }
      return openStored(path, file.size, start, end);
    },

    async stage(file, target) {
      const source = pathOf(file.id);
      // One job may use the same file in two fields: each gets its own name.
      const name = `${file.id}-${randomBytes(4).toString("hex")}${fileExtension(file.fileName)}`;
      const path = join(target, name);
      try {
        await system.link(source, path).catch(async (thrown: unknown) => {
          if (!hasCode(thrown, "EXDEV", "EPERM", "EACCES", "EMLINK", "ENOTSUP", "EOPNOTSUPP", "ENOSYS")) throw thrown;
          await copy(source, path);
        });
      } catch (thrown) {
        if (hasCode(thrown, "ENOENT")) throw notFound(thrown);
        throw thrown;
      }
      return path;
    },

    async commit(file, path) {
      const record = newRecord(file, "ready", await sealFile(system, path));
      try {
        await publish(system, path, pathOf(record.id));
        return record;
      } catch (thrown) {
        if (!hasCode(thrown, "EXDEV")) throw thrown;
      }
      const temporary = newTemporary();
      const limit = { maxBytes: Number.POSITIVE_INFINITY };
      const { size, sha256 } = await writeDurably(system, createReadStream(path), temporary, limit);
      await publish(system, temporary, pathOf(record.id));
      await fs.rm(path, { force: true });
      return { ...record, size, sha256 };
    },

    async delete(id) {
      const path = pathOf(id);
      await table.delete(id);
      await fs.rm(path, { force: true });
      await parts.remove(id);
    },

    async sweep(olderThanMs = HOUR_MS) {
      const cutoff = now() - olderThanMs;
      // An upload goes on after a restart: its parts are not abandoned before nothing came for an hour.
      const abandoned = Math.min(cutoff, now() - HOUR_MS);
      let removed = await parts.sweep(async (id) => ((await get(id))?.state === "pending" ? abandoned : cutoff));
      for (const path of await olderThan(cutoff, temporaries)) {
        await fs.rm(path, { force: true });
        removed++;
      }
      for (const shard of await fs.readdir(folder)) {
        if (!/^[A-Za-z0-9_-]{2}$/.test(shard)) continue;
        const old = (await olderThan(cutoff, join(folder, shard))).filter((path) => ID.test(path.slice(-22)));
        for (let at = 0; at < old.length; at += SWEEP_BATCH) {
          const batch = old.slice(at, at + SWEEP_BATCH);
          const existing = await table.existing(batch.map((path) => path.slice(-22)));
          for (const path of batch.filter((candidate) => !existing.has(candidate.slice(-22)))) {
            await fs.rm(path, { force: true });
            removed++;
          }
        }
      }
      return removed;
    },
  };
}

/** Paths in a folder that were last touched before the cutoff: a commit counts, even of a file that a job wrote earlier. */
async function olderThan(cutoff: number, folder: string): Promise<string[]> {
  const paths: string[] = [];
  for (const name of await fs.readdir(folder)) {
    const path = join(folder, name);
    const found = await fs.stat(path).catch(() => undefined);
    if (found && Math.max(found.mtimeMs, found.ctimeMs) <= cutoff) paths.push(path);
  }
  return paths;
}

/** Opened at once, so that a missing file is an answer and not a broken download. */
function openStored(path: string, size: number, start: number, end: number): Readable {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (thrown) {
    if (hasCode(thrown, "ENOENT")) throw notFound(thrown);
    throw thrown;
  }
  if (fstatSync(fd).size !== size) {
    closeSync(fd);
    throw new ReshootError("internal_error", "The stored file is damaged");
  }
  // An empty file has no last byte to name.
  return createReadStream(path, size === 0 ? { fd } : { fd, start, end });
}

async function copy(source: string, path: string): Promise<void> {
  try {
    await fs.copyFile(source, path, fs.constants.COPYFILE_EXCL | fs.constants.COPYFILE_FICLONE);
    await fs.chmod(path, 0o400);
  } catch (thrown) {
    await fs.rm(path, { force: true });
    throw thrown;
  }
}

function notFound(cause?: unknown): ReshootError {
  return new ReshootError("not_found", "File not found", { cause });
}

function alreadyComplete(): ReshootError {
  return new ReshootError("bad_request", "The file has been uploaded already and cannot be changed");
}
