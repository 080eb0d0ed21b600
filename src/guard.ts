/**
 * Without keys anybody who can send a request is trusted, so only this machine may: the Host header must be loopback (or
 * a vendor's name, when its traffic is sent here), and so must the Origin of whichever web page makes a browser ask.
 */
import type { IncomingMessage } from "node:http";
import type { FastifyInstance } from "fastify";
import { type Config, isLoopbackHost } from "./config.ts";
import { isVendorName } from "./tls/index.ts";

/** Adds the check to every route; does nothing when keys are configured. */
export function registerGuard(app: FastifyInstance, config: Config): void {
  if (config.keys.length > 0) return;
  app.addHook("onRequest", async (request, reply) => {
    const { host = "", origin } = request.headers;
    const name = isOneName(request.raw) ? hostName(`http://${host}`) : undefined;
    if (name === undefined || !(isLoopbackHost(name) || isVendorName(name))) {
      return reply
        .code(403)
        .send({ detail: `This server has no keys and answers only on this machine, not as ${host}` });
    }
    if (origin === undefined) return;
    const page = hostName(origin);
    if (page === undefined || !isLoopbackHost(page)) {
      return reply.code(403).send({ detail: `This server has no keys and takes no requests from pages of ${origin}` });
    }
  });
}

/** One Host header (RFC 9112 §3.2), without what a URL would cut off around the name. */
function isOneName({ headers, rawHeaders }: IncomingMessage): boolean {
  const count = rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === "host").length;
  return count === 1 && !/[@/\\?#]/.test(headers.host ?? "");
}

function hostName(url: string): string | undefined {
  try {
    return new URL(url).hostname || undefined;
  } catch {
    return undefined;
  }
}
