/** A file table in memory, for tests of the file store. */
import type { FileRecord, FileTable } from "../src/requests/store.ts";

/** A {@link FileTable} with its rows open to the test. */
export function memoryFileTable(): FileTable & { readonly rows: Map<string, FileRecord> } {
  const rows = new Map<string, FileRecord>();
  return {
    rows,
    async insert(file) {
      if (rows.has(file.id)) throw new Error(`there is a file ${file.id} already`);
      rows.set(file.id, file);
    },
    async get(id) {
      return rows.get(id);
    },
    async markReady(id, facts) {
      const row = rows.get(id);
      if (row?.state !== "pending") return false;
      rows.set(id, { ...row, ...facts, state: "ready" });
      return true;
    },
    async delete(id) {
      return rows.delete(id);
    },
    async existing(ids) {
      return new Set(ids.filter((id) => rows.has(id)));
    },
  };
}
