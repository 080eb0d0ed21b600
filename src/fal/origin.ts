/**
 * The vendor's hosts on one origin. Requests for `https://queue.fal.run/x` arrive here as `/queue/x`, as `/x` with the
 * vendor's Host header (TLS takeover), or through the proxy route with the target in a header; all become `/queue/x`.
 */
import type { IncomingHttpHeaders } from "node:http";
import type { FastifyRequest } from "fastify";
import type { Config } from "../config.ts";
import { filePath } from "../files/urls.ts";
import { callerHost, callerOrigin } from "../http/origin.ts";

/** Path prefix of each vendor host. */
const PREFIXES: Readonly<Record<string, string>> = Object.assign(Object.create(null), {
  "fal.run": "/run",
  "falrun.com": "/run",
  "queue.fal.run": "/queue",
  "queue.falrun.com": "/queue",
  "ws.fal.run": "/ws",
  "rest.fal.ai": "/rest",
  "rest.alpha.fal.ai": "/rest",
  "v3.fal.media": "/cdn",
  "v3b.fal.media": "/cdn",
  // These two carry their whole path already.
  "api.fal.ai": "",
  "fal.ai": "",
});

/** Route of the server-side proxy protocol. */
export const PROXY_ROUTE = "/api/fal/proxy";

/** What a proxy target on one of our own origins may reach. */
const OWN_PATHS = /^\/(run|queue|rest|cdn|v1)\//;

/** Where the caller reaches each of the vendor's hosts; none ends with a slash. */
export type Origins = {
  /** The origin whose `/cdn/files/…` (or `/files/…`) are our files. */
  readonly origin: string;
  readonly run: string;
  readonly queue: string;
  readonly rest: string;
  readonly cdn: string;
};

/** Whether a Host header or host name (with or without port) is one of the vendor's. */
export function isVendorHost(host: string): boolean {
  return hostName(host) in PREFIXES;
}

/**
 * For Fastify's `rewriteUrl`: the path inside this server of a request as it came off the wire.
 * @param ownOrigins origins that a proxy target may name besides the request's own Host.
 */
export function rewriteFalUrl(
  request: { readonly url?: string | undefined; readonly headers: IncomingHttpHeaders },
  ownOrigins: readonly string[] = [],
): string {
  const url = request.url ?? "/";
  if (!url.startsWith("/")) return url;
  const path = `${PREFIXES[hostName(request.headers.host)] ?? ""}${url}`;
  if (!path.startsWith(PROXY_ROUTE) || path.replace(/\/?(\?.*)?$/s, "") !== PROXY_ROUTE) return path;
  return proxyTarget(request.headers, ownOrigins) ?? path;
}

/** The path inside this server that a proxied request is for; undefined when its target is missing or foreign. */
function proxyTarget(headers: IncomingHttpHeaders, ownOrigins: readonly string[]): string | undefined {
  const header = headers["x-fal-target-url"];
  if (typeof header !== "string" || !URL.canParse(header)) return undefined;
  const target = new URL(header);
  const prefix = PREFIXES[target.hostname];
  if (prefix !== undefined) return `${prefix}${target.pathname}${target.search}`;
  const own = target.host === headers.host || ownOrigins.includes(target.origin);
  return own && OWN_PATHS.test(target.pathname) ? `${target.pathname}${target.search}` : undefined;
}

/** The origins to write into a reply to this request. */
export function originsOf(request: FastifyRequest, config: Pick<Config, "publicUrl">): Origins {
  const host = callerHost(request);
  if (!config.publicUrl && isVendorHost(host)) return vendorOrigins(request.protocol, /:\d+$/.exec(host)?.[0]);
  const origin = callerOrigin(request, config);
  return { origin, run: `${origin}/run`, queue: `${origin}/queue`, rest: `${origin}/rest`, cdn: `${origin}/cdn` };
}

/** The public URL of a stored file. */
export function fileUrl(file: { readonly id: string; readonly fileName: string }, origins: Origins): string {
  return `${origins.cdn}${filePath(file).slice("/cdn".length)}`;
}

function vendorOrigins(protocol: string, port = ""): Origins {
  const at = (host: string): string => `${protocol}://${host}${port}`;
  const cdn = at("v3.fal.media");
  return { origin: cdn, run: at("fal.run"), queue: at("queue.fal.run"), rest: at("rest.fal.ai"), cdn };
}

function hostName(host: string | undefined): string {
  return (host ?? "").toLowerCase().replace(/:\d+$/, "");
}
