/**
 * Group commit: writes asked for while the disk is busy, or else in the same turn of the event loop, share one transaction
 * and one flush (DeWitt et al., "Implementation Techniques for Main Memory Database Systems", SIGMOD 1984).
 */
import type { DatabaseSyncInstance, StatementSyncInstance } from "@photostructure/sqlite";
import { ReshootError } from "../errors.ts";
import type { Metrics } from "../observability/metrics.ts";
import { isBusy, toStoreError } from "./sqlite-errors.ts";

type Write = {
  readonly work: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: ReshootError) => void;
};

/** What is told once it is known whether a member's work is on disk. */
type Outcome = { readonly tell: () => void; readonly fail: (reason: ReshootError) => void };

/** A committed transaction. */
type Committed = { readonly outcomes: readonly Outcome[]; readonly started: number };

/** What makes committed transactions durable. */
export type Disk = {
  /** Resolves when everything committed before the call is on disk. */
  sync(): Promise<void>;
};

/** Bounds how long one transaction holds the event loop: about 10 ms of submits. */
const MAX_GROUP = 512;
/** Pause between attempts to get the write lock, while the event loop goes on. */
const BUSY_PAUSE_MS = 5;

/** Runs synchronous pieces of work inside shared transactions of one connection. */
export class GroupCommit {
  readonly #db: DatabaseSyncInstance;
  readonly #busyMs: number;
  readonly #metrics: Pick<Metrics, "storeCommit"> | undefined;
  readonly #disk: Disk | undefined;
  readonly #statements: Record<"begin" | "commit" | "rollback" | "save" | "undo" | "keep", StatementSyncInstance>;
  #pending: Write[] = [];
  #scheduled = false;
  #busySince: number | undefined;
  #closed = false;
  #unsynced: Committed[] = [];
  #syncing = false;
  /** Writes wait for the flush under way: committed now, they would wait for the next one all the same, in smaller groups. */
  #held = false;

  /**
   * @param busyMs how long a group waits for another process's write lock before it rejects with `unavailable`.
   * @param metrics told of every transaction that reached the disk.
   * @param disk without it a transaction is taken to be on disk when it is committed.
   */
  constructor(db: DatabaseSyncInstance, busyMs: number, metrics?: Pick<Metrics, "storeCommit">, disk?: Disk) {
    this.#disk = disk;
    this.#db = db;
    this.#busyMs = busyMs;
    this.#metrics = metrics;
    this.#statements = {
      begin: db.prepare("BEGIN IMMEDIATE"),
      commit: db.prepare("COMMIT"),
      rollback: db.prepare("ROLLBACK"),
      save: db.prepare("SAVEPOINT member"),
      undo: db.prepare("ROLLBACK TO member"),
      keep: db.prepare("RELEASE member"),
    };
  }

  /**
   * Resolves with what `work` returned once it is on disk. When `work` throws, its own changes are undone and only it
   * rejects; when the transaction itself fails, every member of the group rejects.
   * @param work touches nothing but the database, and does not wait; may be run again after its changes were undone.
   * @throws ReshootError as {@link toStoreError} says.
   */
  write<T>(work: () => T): Promise<T> {
    if (this.#closed) return Promise.reject(new ReshootError("unavailable", "The request store is closed"));
    return new Promise<T>((resolve, reject) => {
      this.#pending.push({ work, resolve: resolve as (value: unknown) => void, reject });
      this.#schedule();
    });
  }

  /** Finishes what was asked for and refuses the rest. */
  async close(): Promise<void> {
    if (this.#closed) return;
    const last = this.write(() => undefined);
    this.#closed = true;
    // Its own failure means that earlier writes failed too, and those have told their callers.
    await last.catch(() => undefined);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    if (this.#syncing) this.#held = true;
    else this.#begin();
  }

  /** Not a microtask: all callers that the last commit woke shall ask again before the next one begins. */
  #begin(): void {
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    const group = this.#pending.splice(0, MAX_GROUP);
    const started = performance.now();
    let failure: ReshootError | undefined;
    try {
      this.#statements.begin.run();
      this.#busySince = undefined;
      const outcomes = this.#runTogether(group) ?? this.#runApart(group);
      this.#statements.commit.run();
      this.#unsynced.push({ outcomes, started });
    } catch (error) {
      if (this.#db.isTransaction) this.#statements.rollback.run();
      else if (isBusy(error) && this.#mayWait()) {
        this.#pending = group.concat(this.#pending);
        setTimeout(() => this.#flush(), BUSY_PAUSE_MS);
        return;
      }
      this.#busySince = undefined;
      failure = toStoreError(error);
    }
    this.#scheduled = false;
    if (this.#pending.length > 0) this.#schedule();
    if (failure) for (const member of group) member.reject(failure);
    else if (!this.#disk) this.#settle(this.#unsynced.splice(0));
    else if (!this.#syncing) void this.#sync(this.#disk);
  }

  /** One flush after the other; the event loop goes on meanwhile, and what it asks for is in the next one. */
  async #sync(disk: Disk): Promise<void> {
    this.#syncing = true;
    while (this.#unsynced.length > 0) {
      const committed = this.#unsynced.splice(0);
      const failure = await disk.sync().then(() => undefined, toStoreError);
      if (failure) for (const { outcomes } of committed) for (const { fail } of outcomes) fail(failure);
      else this.#settle(committed);
    }
    this.#syncing = false;
    if (this.#held) this.#begin();
    this.#held = false;
  }

  #settle(committed: readonly Committed[]): void {
    const now = performance.now();
    for (const { outcomes, started } of committed) {
      this.#metrics?.storeCommit(outcomes.length, (now - started) / 1000);
      for (const { tell } of outcomes) tell();
    }
  }

  /**
   * Without savepoints, which cost a third of a small write and are needed only when a member throws: then all is undone.
   * @returns what each caller waits for; undefined when a member threw.
   */
  #runTogether(group: readonly Write[]): Outcome[] | undefined {
    this.#statements.save.run();
    try {
      return group.map(({ work, resolve, reject }) => {
        const value = work();
        return { tell: () => resolve(value), fail: reject };
      });
    } catch (error) {
      // A full disk can make SQLite roll the whole transaction back.
      if (!this.#db.isTransaction) throw error;
      this.#statements.undo.run();
      return undefined;
    } finally {
      if (this.#db.isTransaction) this.#statements.keep.run();
    }
  }

  /** Each member in a savepoint of its own. @returns what each caller waits for. */
  #runApart(group: readonly Write[]): Outcome[] {
    return group.map(({ work, resolve, reject }) => {
      this.#statements.save.run();
      try {
        const value = work();
        this.#statements.keep.run();
        return { tell: () => resolve(value), fail: reject };
      } catch (error) {
        // A full disk can make SQLite roll the whole transaction back, the neighbours' work included.
        if (!this.#db.isTransaction) throw error;
        this.#statements.undo.run();
        this.#statements.keep.run();
        const reason = toStoreError(error);
        return { tell: () => reject(reason), fail: reject };
      }
    });
  }

  #mayWait(): boolean {
    this.#busySince ??= performance.now();
    return performance.now() - this.#busySince < this.#busyMs;
  }
}
