/** Connections to URLs that callers name: checked, then pinned to what was checked. Fetching and webhooks go through it. */
import { lookup as systemLookup } from "node:dns/promises";
import type { LookupFunction } from "node:net";
import { Agent } from "undici";
import { type AddressPolicy, type AddressScope, addressScope, isAllowed } from "./address.ts";

/** All addresses of a host name, as text. */
export type Lookup = (hostname: string) => Promise<readonly string[]>;

/** What a guard allows and how it finds addresses. */
export type Guard = {
  readonly policy: AddressPolicy;
  /** The system's resolver by default. */
  readonly lookup?: Lookup | undefined;
  /** Milliseconds for the TCP and TLS handshake. */
  readonly connectTimeoutMs: number;
  /** Milliseconds without a byte of the body before the connection is given up. */
  readonly idleTimeoutMs: number;
};

/** A URL that we do not connect to. The message may be shown to callers: it names no address. */
export class RefusedUrlError extends Error {
  override readonly name = "RefusedUrlError";
  /** Whether the same URL may be connected to later: name servers recover, but addresses do not become public. */
  readonly transient: boolean;

  constructor(message: string, { transient = false, cause }: { transient?: boolean; cause?: unknown } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.transient = transient;
  }
}

const MAX_URL_LENGTH = 16_384;

/**
 * Reads a URL that may be connected to: http or https, no credentials.
 * @param base the URL that redirects to it: it may be relative to that, and must not fall from https to http.
 * @throws RefusedUrlError
 */
export function readRemoteUrl(text: string, base?: URL): URL {
  if (text.length > MAX_URL_LENGTH) throw new RefusedUrlError(`The URL is longer than ${MAX_URL_LENGTH} characters`);
  if (!URL.canParse(text, base?.href)) throw new RefusedUrlError("The URL is not valid");
  const url = new URL(text, base);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new RefusedUrlError("The URL must start with http:// or https://");
  }
  if (base?.protocol === "https:" && url.protocol === "http:") {
    throw new RefusedUrlError("The URL redirects from https to http");
  }
  if (url.username || url.password) throw new RefusedUrlError("The URL must not contain a user name or password");
  return url;
}

/**
 * Resolves the URL's host once, checks every address, and makes an agent that can connect to these addresses only: a
 * resolver that answers differently the second time is never asked. The environment's proxy settings are not used.
 * @returns the agent, to be destroyed after use, and the innermost scope among the addresses.
 * @throws RefusedUrlError when the host has no address or the policy forbids one of them.
 */
export async function openConnection(url: URL, guard: Guard): Promise<{ agent: Agent; scope: AddressScope }> {
  const addresses = await resolve(url.hostname, guard.lookup ?? lookupAll);
  const scopes = addresses.map(addressScope);
  if (!scopes.every((scope) => isAllowed(scope, guard.policy))) {
    throw new RefusedUrlError(
      "The URL leads to a private, local or reserved address, which this server does not connect to",
    );
  }
  const agent = new Agent({
    connect: { lookup: pinnedLookup(addresses), timeout: guard.connectTimeoutMs },
    bodyTimeout: guard.idleTimeoutMs,
    // The caller of this module has one deadline over lookup, connection and headers.
    headersTimeout: 0,
    pipelining: 0,
  });
  const scope = (["loopback", "private"] as const).find((inner) => scopes.includes(inner)) ?? "public";
  return { agent, scope };
}

/** A lookup for sockets that answers every question with the same addresses. */
export function pinnedLookup(addresses: readonly string[]): LookupFunction {
  const answers = addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
  return (_hostname, options, callback) => {
    if (options.all) callback(null, answers);
    else callback(null, answers[0]!.address, answers[0]!.family);
  };
}

async function resolve(hostname: string, lookup: Lookup): Promise<readonly string[]> {
  const literal = hostname.replace(/^\[(.*)\]$/, "$1");
  if (literal !== hostname || /^[\d.]+$/.test(hostname)) return [literal];
  const addresses = await lookup(hostname).catch((cause: unknown) => {
    throw new RefusedUrlError("The URL's host name cannot be resolved", { transient: true, cause });
  });
  if (addresses.length === 0) throw new RefusedUrlError("The URL's host name has no address");
  return addresses;
}

async function lookupAll(hostname: string): Promise<string[]> {
  const answers = await systemLookup(hostname, { all: true });
  return answers.map((answer) => answer.address);
}
