/** Runs tasks with the same key one after another. */
export type KeyedLock = <T>(key: string, task: () => Promise<T>) => Promise<T>;

/** Makes a lock; a failed task lets the next one run. */
export function createKeyedLock(): KeyedLock {
  const tails = new Map<string, Promise<unknown>>();
  return async (key, task) => {
    const turn = (tails.get(key) ?? Promise.resolve()).then(task, task);
    tails.set(key, turn);
    try {
      return await turn;
    } finally {
      if (tails.get(key) === turn) tails.delete(key);
    }
  };
}
