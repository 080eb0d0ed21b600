/** Server-sent events as the clients read them: only `data`, always JSON, one network chunk for each event. */
import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";

/** Proxies close quiet connections, mostly after a minute. */
const KEEP_ALIVE_MS = 15_000;

/**
 * One event. Only ASCII is written: the JavaScript client decodes every chunk by itself, and a character split over two
 * would be lost.
 * @param name only for readers other than the vendor's clients, which ignore it.
 */
export function sseEvent(data: unknown, name?: string): string {
  const json = JSON.stringify(data).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `${name ? `event: ${name}\n` : ""}data: ${json}\n\n`;
}

/**
 * Answers with events. A client that reads slowly slows the source down; one that leaves ends it (a source that waits for
 * something must watch for that itself, see `clientGone`).
 */
export function sendEvents(reply: FastifyReply, source: AsyncIterator<string>): FastifyReply {
  return reply
    .headers({
      "content-type": "text/event-stream",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
    })
    .send(Readable.from(withKeepAlive(source)));
}

/** Comments wherever the source is quiet. */
async function* withKeepAlive(source: AsyncIterator<string>): AsyncGenerator<string, void, undefined> {
  try {
    let next = source.next();
    while (true) {
      const result = await within(KEEP_ALIVE_MS, next);
      if (!result) yield ": keep-alive\n\n";
      else if (result.done) return;
      else {
        yield result.value;
        next = source.next();
      }
    }
  } finally {
    await source.return?.();
  }
}

/** The value of a promise, or undefined when it takes longer than `ms`. */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
