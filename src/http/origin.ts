/** Where a caller reaches this server, for the URLs in its replies. */
import type { FastifyRequest } from "fastify";
import type { Config } from "../config.ts";

/** The Host header without what no host name has: it ends up in replies. */
export function callerHost(request: Pick<FastifyRequest, "host">): string {
  return /^[\w.:[\]-]+$/.test(request.host) ? request.host : "localhost";
}

/** The configured public URL, else the origin this caller used; no slash at the end. */
export function callerOrigin(
  request: Pick<FastifyRequest, "host" | "protocol">,
  config: Pick<Config, "publicUrl">,
): string {
  return config.publicUrl ?? `${request.protocol}://${callerHost(request)}`;
}
