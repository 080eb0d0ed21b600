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
  // Of each connection's callers nearly all say the same as the last one.
  let allowed: string | undefined;
  const isAllowed = (host: string): boolean => {
    if (host === allowed) return true;
    const name = /[@/\\?#]/.test(host) ? undefined : hostName(`http://${host}`);
    if (name === undefined || !(isLoopbackHost(name) || isVendorName(name))) return false;
    allowed = host;
    return true;
  };
  app.addHook("onRequest", (request, reply, done) => {
    const { host = "", origin } = request.headers;
    if (!isOneName(request.raw) || !isAllowed(host)) {
      return reply
        .code(403)
        .send({ detail: `This server has no keys and answers only on this machine, not as ${host}` });
    }
    if (origin === undefined) return done();
    const page = hostName(origin);
    if (page === undefined || !isLoopbackHost(page)) {
      return reply.code(403).send({ detail: `This server has no keys and takes no requests from pages of ${origin}` });
    }
    done();
  });
}

/** One Host header (RFC 9112 §3.2). */
function isOneName({ rawHeaders }: IncomingMessage): boolean {
  let count = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.length === 4 && rawHeaders[i]!.toLowerCase() === "host") count++;
  }
  return count === 1;
}

function hostName(url: string): string | undefined {
  try {
    return new URL(url).hostname || undefined;
  } catch {
    return undefined;
  }
}
