/** Takes from a source before it is asked for, so that a source that waits for something else goes on meanwhile. */

/** Yields what `source` yields, of which up to `most` (at least 1) are asked for beforehand. */
export async function* ahead<T>(source: AsyncIterable<T>, most: number): AsyncGenerator<T, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  const ask = (): Promise<IteratorResult<T>> => {
    const next = iterator.next();
    // The first failure is thrown where it is awaited; the others must not count as unhandled.
    next.catch(() => undefined);
    return next;
  };
  const asked = Array.from({ length: most }, ask);
  try {
    for (;;) {
      const { value, done } = await asked.shift()!;
      if (done) return;
      asked.push(ask());
      yield value;
    }
  } finally {
    await iterator.return?.();
  }
}
