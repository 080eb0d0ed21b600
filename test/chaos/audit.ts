/** What must hold in a data folder, read from the disk and the database without the server's help. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "@photostructure/sqlite";
import { dataFolders } from "../../src/config.ts";

/** A request as the database has it. */
export type AuditedRequest = {
  readonly id: string;
  readonly status: string;
  readonly attempt: number;
  readonly error: string | null;
  readonly idempotency_key: string | null;
};

type FileRow = { id: string; size: number; sha256: string; state: string };

/** A read-only look at a data folder. */
export type Audit = {
  requests(): AuditedRequest[];
  /** What SQLite's own checks object to. */
  damage(): string[];
  /** Results without their file, rows without bytes, bytes without a row, what was left over. */
  strays(): string[];
  /** Bytes of a ready file by its id; undefined without such a row. */
  sha256Of(id: string): string | undefined;
};

/** Opens the database anew for every question, so that no read transaction stays open. */
export function auditOf(data: string): Audit {
  const folders = dataFolders(data);
  const all = <T>(sql: string): T[] => {
    const db = new DatabaseSync(folders.database, { readOnly: true, timeout: 5000 });
    try {
      return db.prepare(sql).all() as T[];
    } finally {
      db.close();
    }
  };
  const files = (): FileRow[] => all<FileRow>("SELECT id, size, sha256, state FROM files");

  return {
    requests: () => all("SELECT id, status, attempt, error, idempotency_key FROM requests ORDER BY seq"),
    damage() {
      const integrity = all<{ integrity_check: string }>("PRAGMA integrity_check").map((row) => row.integrity_check);
      const foreign = all<object>("PRAGMA foreign_key_check").map((row) => JSON.stringify(row));
      return [...integrity.filter((line) => line !== "ok"), ...foreign];
    },
    strays() {
      const rows = new Map(files().map((row) => [row.id, row]));
      const problems: string[] = [];
      const stored = storedIds(folders.files);
      for (const id of stored) if (!rows.has(id)) problems.push(`bytes without a row: ${id}`);
      for (const { id, size, sha256, state } of rows.values()) {
        if (state !== "ready") continue;
        const path = join(folders.files, id.slice(0, 2), id);
        const bytes = existsSync(path) ? readFileSync(path) : undefined;
        if (!bytes) problems.push(`a ready row without bytes: ${id}`);
        else if (bytes.length !== size || hash(bytes) !== sha256) problems.push(`other bytes than recorded: ${id}`);
      }
      for (const { id, output } of all<{ id: string; output: string }>(
        "SELECT id, output FROM requests WHERE status = 'succeeded'",
      )) {
        const used = [...output.matchAll(/"\$(?:file|url)":"([^"]+)"/g)].map((match) => match[1]!);
        if (used.length === 0) problems.push(`a result without a file: ${id}`);
        for (const file of used) if (rows.get(file)?.state !== "ready") problems.push(`result ${id} lost ${file}`);
      }
      for (const name of list(join(folders.files, "tmp"))) problems.push(`a temporary file: ${name}`);
      for (const id of list(join(folders.files, "parts")))
        if (rows.get(id)?.state !== "pending") problems.push(`parts of no upload: ${id}`);
      for (const name of list(join(folders.work, "jobs"))) problems.push(`a job's folder: ${name}`);
      return problems;
    },
    sha256Of: (id) => files().find((row) => row.id === id && row.state === "ready")?.sha256,
  };
}

/** Hex SHA-256. */
export function hash(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function storedIds(folder: string): string[] {
  return list(folder)
    .filter((name) => name.length === 2)
    .flatMap((shard) => list(join(folder, shard)));
}

function list(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
