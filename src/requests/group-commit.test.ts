import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { DatabaseSync, type DatabaseSyncInstance } from "@photostructure/sqlite";
import { ReshootError } from "../errors.ts";
import { GroupCommit } from "./group-commit.ts";

describe("GroupCommit", () => {
  let db: DatabaseSyncInstance;
  let writes: GroupCommit;

  beforeEach(() => {
    db = new DatabaseSync(":memory:");
    db.exec(`
      PRAGMA foreign_keys = ON;
      CREATE TABLE t (n INTEGER PRIMARY KEY, parent INTEGER REFERENCES t (n) DEFERRABLE INITIALLY DEFERRED) STRICT`);
    writes = new GroupCommit(db, 100);
  });
  afterEach(() => db.close());

  const insert = (n: number, parent: number | null = null) =>
    writes.write(() => db.prepare("INSERT INTO t VALUES (?, ?)").run(n, parent).changes);
  const turns = async (count: number) => {
    for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
  };
  const numbers = () =>
    db
      .prepare("SELECT n FROM t ORDER BY n")
      .all()
      .map(({ n }) => n);
  const outcomes = async (promises: Promise<unknown>[]) =>
    (await Promise.allSettled(promises)).map((outcome) =>
      outcome.status === "fulfilled" ? "done" : (outcome.reason as ReshootError).code,
    );

  it("puts the writes of one turn into one transaction, and resolves after it", async () => {
    const inside: boolean[] = [];
    const changes = () => db.prepare("SELECT total_changes() AS n").get().n;
    const first = insert(1).then(() => inside.push(db.isTransaction));
    const second = writes.write(() => inside.push(db.isTransaction, changes() === 1));
    assert.deepEqual(numbers(), []);
    await Promise.all([first, second]);
    assert.deepEqual(inside, [true, true, false]);
  });

  it("undoes a failing write alone, also what it had done before it failed", async () => {
    const failing = writes.write(() => {
      db.exec("INSERT INTO t VALUES (2, NULL)");
      throw new ReshootError("queue_full", "no");
    });
    assert.deepEqual(await outcomes([insert(1), failing, insert(1), insert(3)]), [
      "done",
      "queue_full",
      "bad_request",
      "done",
    ]);
    assert.deepEqual(numbers(), [1, 3]);
  });

  it("tells nobody before the disk has it, and commits and flushes together what was asked for meanwhile", async () => {
    const flushes: { resolve: () => void; reject: (reason: Error) => void }[] = [];
    const disk = { sync: () => new Promise<void>((resolve, reject) => flushes.push({ resolve, reject })) };
    writes = new GroupCommit(db, 100, undefined, disk);
    const told: number[] = [];
    const first = insert(1).then(() => told.push(1));
    await turns(3);
    const later = [insert(2), insert(3)];
    await turns(3);
    later.push(insert(4));
    await turns(3);
    assert.deepEqual([numbers(), told, flushes.length], [[1], [], 1]);
    flushes[0]!.resolve();
    await first;
    await turns(3);
    assert.deepEqual([numbers(), told, flushes.length], [[1, 2, 3, 4], [1], 2]);
    flushes[1]!.reject(Object.assign(new Error("full"), { code: "ENOSPC" }));
    assert.deepEqual(await outcomes(later), Array(3).fill("storage_full"));
    const last = insert(5);
    await turns(3);
    flushes[2]!.resolve();
    assert.equal(await last, 1);
  });

  it("rejects the whole group when the commit fails, and works afterwards", async () => {
    // The reference is checked at COMMIT only.
    assert.deepEqual(await outcomes([insert(1), insert(2, 99)]), ["bad_request", "bad_request"]);
    assert.deepEqual(numbers(), []);
    assert.equal(await insert(3), 1);
  });

  it("rejects the whole group when SQLite rolled it back under a member's work", async () => {
    const rollback = writes.write(() => {
      db.exec("ROLLBACK");
      throw new ReshootError("storage_full", "as a full disk does");
    });
    assert.deepEqual(await outcomes([insert(1), rollback, insert(2)]), [
      "storage_full",
      "storage_full",
      "storage_full",
    ]);
    assert.deepEqual(numbers(), []);
    assert.equal(await insert(3), 1);
  });

  it("carries more writes than fit one group, in order", async () => {
    const order: number[] = [];
    await Promise.all(Array.from({ length: 1300 }, (_, n) => insert(n).then(() => order.push(n))));
    assert.deepEqual(order, numbers());
  });

  it("lets a thrown defect reject without its text", async () => {
    const defect = writes.write(() => {
      throw new TypeError("secret detail");
    });
    await assert.rejects(defect, (error) => {
      return (
        error instanceof ReshootError && error.code === "internal_server_error" && !error.message.includes("secret")
      );
    });
  });
});
