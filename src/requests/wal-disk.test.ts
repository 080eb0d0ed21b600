import assert from "node:assert/strict";
import { copyFile, mkdtemp, rm, stat, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { DatabaseSync } from "@photostructure/sqlite";
import { createWalDisk } from "./wal-disk.ts";

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "reshoot-wal-"));
});
after(() => rm(folder, { recursive: true, force: true }));

function open(name: string) {
  const db = new DatabaseSync(join(folder, name));
  db.exec("PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS t (n INTEGER)");
  return db;
}

test("a database in memory has no disk", () => {
  const db = new DatabaseSync(":memory:");
  assert.equal(createWalDisk(db), undefined);
  db.close();
});

test("flushes the log, before anything was written and after; the log survives, closed or not", async () => {
  const db = open("a.db");
  const disk = createWalDisk(db)!;
  await disk.sync();
  db.exec("INSERT INTO t VALUES (1)");
  await disk.sync();
  // Our own handle on the log must not take the locks of SQLite's away, as closing one on the database itself would.
  const other = open("a.db");
  db.exec("BEGIN IMMEDIATE");
  assert.throws(() => other.exec("BEGIN IMMEDIATE"), /locked|busy/);
  db.exec("COMMIT");
  disk.close();
  db.exec("BEGIN IMMEDIATE");
  assert.throws(() => other.exec("BEGIN IMMEDIATE"), /locked|busy/);
  db.exec("COMMIT");
  db.close();
  assert.equal(other.prepare("SELECT n FROM t").get()!.n, 1);
  other.close();
});

test("after a failed flush, the log is first copied into the database; while that fails, so does every flush", async () => {
  const db = open("b.db");
  const disk = createWalDisk(db)!;
  const flush = { fail: true };
  const faulty = createWalDisk(db, (_log, done) => (flush.fail ? done(new Error("EIO")) : done(null)))!;
  db.exec("INSERT INTO t VALUES (1)");
  await assert.rejects(faulty.sync(), /EIO/);
  const reader = open("b.db");
  reader.exec("BEGIN; SELECT * FROM t");
  reader.prepare("SELECT * FROM t").all();
  flush.fail = false;
  db.exec("INSERT INTO t VALUES (2)");
  await assert.rejects(faulty.sync(), /could not be written/);
  reader.exec("COMMIT");
  await faulty.sync();
  disk.close();
  faulty.close();
  reader.close();
  db.close();
});

test("whatever of the log is lost after a flush, what was flushed is whole", async () => {
  const db = open("c.db");
  const disk = createWalDisk(db)!;
  for (let n = 0; n < 50; n++) db.prepare("INSERT INTO t VALUES (?)").run(n);
  await disk.sync();
  const { size } = await stat(join(folder, "c.db-wal"));
  for (let n = 50; n < 100; n++) db.prepare("INSERT INTO t VALUES (?)").run(n);
  const { size: all } = await stat(join(folder, "c.db-wal"));
  for (const kept of [size, size + 1, (size + all) >> 1, all - 1]) {
    for (const side of ["", "-wal"]) await copyFile(join(folder, `c.db${side}`), join(folder, `cut.db${side}`));
    await truncate(join(folder, "cut.db-wal"), kept);
    const cut = new DatabaseSync(join(folder, "cut.db"));
    const { n } = cut.prepare("SELECT count(*) AS n FROM t").get() as { n: number };
    assert.ok(n >= 50 && n < 100, `${n} rows of 100 with ${kept} bytes of ${all}`);
    assert.equal(cut.prepare("PRAGMA integrity_check").get()!.integrity_check, "ok");
    cut.close();
  }
  disk.close();
  db.close();
});
