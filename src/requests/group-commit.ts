/**
 * Group commit: writes asked for in the same turn of the event loop share one transaction and so one flush to disk
 * (DeWitt et al., "Implementation Techniques for Main Memory Database Systems", SIGMOD 1984).
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

/** Bounds how long one transaction holds the event loop: about 10 ms of submits. */
const MAX_GROUP = 512;
/** Pause between attempts to get the write lock, while the event loop goes on. */
const BUSY_PAUSE_MS = 5;

/** Runs synchronous pieces of work inside shared transactions of one connection. */
export class GroupCommit {
  readonly #db: DatabaseSyncInstance;
  readonly #busyMs: number;
  readonly #metrics: Pick<Metrics, "storeCommit"> | undefined;
  readonly #statements: Record<"begin" | "commit" | "rollback" | "save" | "undo" | "keep", StatementSyncInstance>;
  #pending: Write[] = [];
  #scheduled = false;
  #busySince: number | undefined;
  #closed = false;

  /**
   * @param busyMs how long a group waits for another process's write lock before it rejects with `unavailable`.
   * @param metrics told of every transaction that reached the disk.
   */
  constructor(db: DatabaseSyncInstance, busyMs: number, metrics?: Pick<Metrics, "storeCommit">) {
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
    // Not a microtask: all callers that the last commit woke shall ask again before the next one begins.
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    const group = this.#pending.splice(0, MAX_GROUP);
    let settle: (() => void)[];
    const started = performance.now();
    try {
      this.#statements.begin.run();
      this.#busySince = undefined;
      settle = this.#runTogether(group) ?? this.#runApart(group);
      this.#statements.commit.run();
      this.#metrics?.storeCommit(group.length, (performance.now() - started) / 1000);
    } catch (error) {
      if (this.#db.isTransaction) this.#statements.rollback.run();
      else if (isBusy(error) && this.#mayWait()) {
        this.#pending = group.concat(this.#pending);
        setTimeout(() => this.#flush(), BUSY_PAUSE_MS);
        return;
      }
      this.#busySince = undefined;
      const reason = toStoreError(error);
      settle = group.map((member) => () => member.reject(reason));
    }
    this.#scheduled = false;
    if (this.#pending.length > 0) this.#schedule();
    for (const tell of settle) tell();
  }

  /**
   * Without savepoints, which cost a third of a small write and are needed only when a member throws: then all is undone.
   * @returns what to tell each caller after the commit; undefined when a member threw.
   */
  #runTogether(group: readonly Write[]): (() => void)[] | undefined {
    this.#statements.save.run();
    try {
      return group.map(({ work, resolve }) => {
        const value = work();
        return () => resolve(value);
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

  /** Each member in a savepoint of its own. @returns what to tell each caller after the commit. */
  #runApart(group: readonly Write[]): (() => void)[] {
    return group.map(({ work, resolve, reject }) => {
      this.#statements.save.run();
      try {
        const value = work();
        this.#statements.keep.run();
        return () => resolve(value);
      } catch (error) {
        // A full disk can make SQLite roll the whole transaction back, the neighbours' work included.
        if (!this.#db.isTransaction) throw error;
        this.#statements.undo.run();
        this.#statements.keep.run();
        const reason = toStoreError(error);
        return () => reject(reason);
      }
    });
  }

  #mayWait(): boolean {
    this.#busySince ??= performance.now();
    return performance.now() - this.#busySince < this.#busyMs;
  }
}
