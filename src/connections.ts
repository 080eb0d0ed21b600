/** What holds for every connection, whatever its requests are for: slow and endless bodies end, broken HTTP gets an answer. */
import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { FastifyInstance } from "fastify";

/** Waiting times in milliseconds. */
export type ConnectionTimes = {
  /** Without a byte of a body that has not ended; 60 s. Uploads may take as long as they like while they move. */
  readonly bodyIdleMs?: number;
  /** From an answer to the end of a body that is no longer wanted; 30 s. Clients read an answer once they have sent all. */
  readonly drainMs?: number;
};

/** Requests on each connection that have not been answered to their end. */
const unanswered = new WeakMap<Socket, number>();

/** Ends connections whose bodies stand still, or still come long after they were answered. */
export function registerConnectionTimes(
  app: FastifyInstance,
  { bodyIdleMs = 60_000, drainMs = 30_000 }: ConnectionTimes = {},
): void {
  app.addHook("onRequest", ({ raw }, _reply, done) => {
    const { socket } = raw;
    unanswered.set(socket, (unanswered.get(socket) ?? 0) + 1);
    if (!raw.complete && hasBody(raw.headers)) {
      // Without a listener of the request's own, Node destroys a socket that times out.
      socket.setTimeout(bodyIdleMs);
      raw.once("end", () => socket.setTimeout(0));
    }
    done();
  });
  app.addHook("onResponse", ({ raw }, _reply, done) => {
    unanswered.set(raw.socket, (unanswered.get(raw.socket) ?? 1) - 1);
    done();
    if (raw.complete) return;
    const timer = setTimeout(() => raw.socket.destroy(), drainMs).unref();
    raw.once("close", () => clearTimeout(timer));
  });
}

/**
 * For Fastify's `clientErrorHandler`: what is not HTTP is answered in words, and its connection closed. While an answer to
 * an earlier request is under way, it is closed without: the words would be taken for a part of that answer.
 */
export function answerBrokenHttp(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable || (unanswered.get(socket) ?? 0) > 0) {
    socket.destroy();
    return;
  }
  const [status, detail] =
    error.code === "HPE_HEADER_OVERFLOW"
      ? ([431, "The headers are larger than this server accepts"] as const)
      : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? ([408, "The request did not arrive in time"] as const)
        : ([400, "This is not valid HTTP"] as const);
  const body = JSON.stringify({ detail });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

function hasBody(headers: { readonly [name: string]: unknown }): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}
