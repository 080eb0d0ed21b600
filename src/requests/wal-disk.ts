/**
 * The write-ahead log on disk. SQLite would wait for every flush on the JavaScript thread (`synchronous = FULL`); instead
 * it commits without one (`NORMAL`, which still orders the log before the database and the log's own restart), and the
 * log is flushed here, on a thread of libuv's, before any caller is told. A log is only ever valid up to its first
 * missing frame (sqlite.org/fileformat2.html, section 4.4), so what is flushed never depends on what is not; readers may
 * see a transaction some milliseconds before it is on disk, callers are never told of it before.
 */
import { closeSync, fdatasync, openSync } from "node:fs";
import type { DatabaseSyncInstance } from "@photostructure/sqlite";
import type { Disk } from "./group-commit.ts";

/** The disk under one connection. */
export type WalDisk = Disk & {
  /** Call it before the connection is closed, and nothing after it. */
  close(): void;
};

/** Flushes a file to disk, beside the JavaScript thread. */
type Flush = (file: number, done: (error: Error | null) => void) => void;

/** @returns the disk under `db`, whose settings it changes; undefined for a database in memory, which has none. */
export function createWalDisk(db: DatabaseSyncInstance, flushFile: Flush = fdatasync): WalDisk | undefined {
  const path = db.location();
  if (path === null) return undefined;
  db.exec("PRAGMA synchronous = NORMAL");
  let log: number | undefined;
  let failed = false;

  const flush = (): Promise<void> =>
    new Promise((resolve, reject) => {
      // Written to already, so it is there; and it stays while a connection is open.
      log ??= openSync(`${path}-wal`, "r+");
      flushFile(log, (error) => (error ? reject(error) : resolve()));
    });

  return {
    async sync() {
      // After a failure the system may call pages clean that never reached the disk: a second flush would prove nothing.
      // A checkpoint copies them into the database, and flushes that.
      if (failed) checkpoint(db);
      failed = true;
      await flush();
      failed = false;
    },
    close() {
      if (log !== undefined) closeSync(log);
    },
  };
}

/** @throws Error when a reader or a writer is in the way, or the disk still fails. */
function checkpoint(db: DatabaseSyncInstance): void {
  const { busy } = db.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get() as { busy: number };
  if (busy !== 0) throw new Error("The log of the request database could not be written to it");
}
