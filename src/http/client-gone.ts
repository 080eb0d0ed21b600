/** When whoever asked is no longer there to be answered. */
import type { FastifyReply } from "fastify";

/** Aborts when the client closes the connection before the whole reply was sent. */
export function clientGone(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  const response = reply.raw;
  if (response.closed || response.destroyed) controller.abort();
  response.once("close", () => {
    if (!response.writableFinished) controller.abort();
  });
  return controller.signal;
}
