/** Files' metadata, accounts and keys in the request database. */
import type { GroupCommit } from "./group-commit.ts";
import { hashSecret, secretMatches } from "./key-secret.ts";
import { type AccountRow, type FileRow, fileValues, type KeyRow, toAccount, toFile, toKey } from "./sqlite-rows.ts";
import type { Statements } from "./sqlite-statements.ts";
import type { AccountTable, FileTable } from "./store.ts";

/** How the tables reach the database: writes by group commit, reads directly. */
export type TableAccess = {
  readonly sql: Statements;
  readonly writes: GroupCommit;
  /** Runs a read; its failures become ReshootErrors. */
  readonly read: <T>(work: () => T) => Promise<T>;
  readonly now: () => number;
};

/** The file table. */
export function fileTable({ sql, writes, read }: TableAccess): FileTable {
  return {
    insert: (file) => writes.write(() => void sql.insertFile.run(fileValues(file))),
    get: (id) =>
      read(() => {
        const row = sql.file.get({ id }) as FileRow | undefined;
        return row && toFile(row);
      }),
    markReady: (id, { size, sha256, contentType }) =>
      writes.write(() => sql.markReady.run({ id, size, sha256, content_type: contentType }).changes === 1),
    delete: (id) => writes.write(() => sql.deleteFile.run({ id }).changes === 1),
    existing: (ids) =>
      read(() => {
        const rows = sql.existingFiles.all({ ids: JSON.stringify(ids) }) as { id: string }[];
        return new Set(rows.map((row) => row.id));
      }),
  };
}

/** The account and key tables. */
export function accountTable({ sql, writes, read, now }: TableAccess): AccountTable {
  return {
    ensureAccount: (id, name) =>
      writes.write(() => {
        sql.insertAccount.run({ id, name, now: now() });
        return toAccount(sql.account.get({ id }) as AccountRow);
      }),
    putKey: ({ id, accountId, scope, concurrency, budget, name = id, source = "configured" }, secret) =>
      writes.write(() => {
        const { salt, hash } = hashSecret(secret);
        const values = { id, account_id: accountId, scope, salt, secret_hash: hash, concurrency, budget, name, source };
        // Not an upsert: SQLite would plan a scan of all requests for its references.
        if (sql.updateKey.run(values).changes === 0) sql.insertKey.run({ ...values, now: now() });
        return toKey(sql.key.get({ id }) as KeyRow);
      }),
    changeKey: (id, changes) =>
      writes.write(() => {
        const row = sql.key.get({ id }) as KeyRow | undefined;
        if (!row) return undefined;
        const { name, concurrency, budget } = { ...toKey(row), ...changes };
        const changed = sql.changeKey.get({ id, name, concurrency, budget }) as KeyRow | undefined;
        return changed && toKey(changed);
      }),
    revokeKey: (id) => writes.write(() => sql.revokeKey.run({ id, now: now() }).changes === 1),
    verifyKey: (id, secret) =>
      read(() => {
        const row = sql.key.get({ id }) as KeyRow | undefined;
        const matches = secretMatches(secret, row && { salt: row.salt, hash: row.secret_hash });
        return row && matches && row.revoked_at === null ? toKey(row) : undefined;
      }),
    listKeys: (accountId) =>
      read(() => {
        const rows = accountId === undefined ? sql.allKeys.all() : sql.keys.all({ account_id: accountId });
        return (rows as KeyRow[]).map(toKey);
      }),
  };
}
