/** One server per data folder. */
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { DatabaseSync } from "@photostructure/sqlite";
import { ReshootError } from "../errors.ts";
import { isBusy } from "./sqlite-errors.ts";

/**
 * Takes the data folder, creating it when absent. The lock is SQLite's own on `lock.db`, an exclusive transaction that
 * stays open: the kernel frees it when the process ends, however it ends, so that no stale lock is ever left.
 * @returns `release`, which may be called more than once.
 * @throws ReshootError `unavailable`, naming the folder, when another server holds it or it cannot be written.
 */
export async function lockDataFolder(folder: string): Promise<{ release(): void }> {
  const path = resolve(folder);
  let db: InstanceType<typeof DatabaseSync> | undefined;
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    db = new DatabaseSync(join(path, "lock.db"), { timeout: 0 });
    db.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
  } catch (error) {
    db?.close();
    const reason = error instanceof Error ? error.message : String(error);
    const message = isBusy(error)
      ? `Another Reshoot server uses the data folder ${path}. Stop it, or choose another folder with --data`
      : `The data folder ${path} cannot be used: ${reason}`;
    throw new ReshootError("unavailable", message, { cause: error });
  }
  const held = db;
  return {
    release() {
      if (held.isOpen) held.close();
    },
  };
}
