/** Our own signed tokens (HS256); clients treat them as opaque. */
import { hkdfSync } from "node:crypto";
import { type EndpointPath, trimSlashes } from "./endpoint-path.ts";

/** What a token says. */
export type TokenClaims = {
  readonly accountId: string;
  /** The key that asked for it; null without keys. */
  readonly keyId: string | null;
  readonly use: "apps" | "uploads";
  /** Aliases (`flux`) or ids (`fal-ai/flux`, `fal-ai/flux/realtime`) it allows. */
  readonly apps: readonly string[];
};

/** Most callers never ask for a token: loaded when one does. */
const loadJose = (): Promise<typeof import("jose")> => import("jose");

/** A signed token. @param seconds lifetime. */
export async function signToken(secret: Uint8Array, claims: TokenClaims, seconds: number): Promise<string> {
  const { accountId, keyId, use, apps } = claims;
  const { SignJWT } = await loadJose();
  return new SignJWT({ key: keyId, use, apps })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setSubject(accountId)
    .setIssuedAt()
    .setExpirationTime(Math.floor(Date.now() / 1000) + seconds)
    .sign(tokenKey(secret));
}

/** The claims of a token of ours that has not expired; undefined for anything else. */
export async function verifyToken(secret: Uint8Array, token: string): Promise<TokenClaims | undefined> {
  try {
    const { jwtVerify } = await loadJose();
    const { payload } = await jwtVerify(token, tokenKey(secret), { algorithms: ["HS256"] });
    const { sub, key, use, apps } = payload as { sub: string } & Record<string, unknown>;
    return {
      accountId: sub,
      keyId: typeof key === "string" ? key : null,
      use: use === "uploads" ? "uploads" : "apps",
      apps: Array.isArray(apps) ? apps.map(String) : [],
    };
  } catch {
    return undefined;
  }
}

/**
 * Whether a token's scope covers an endpoint, with or without a path such as `/realtime` or `/stream`: by alias (what the
 * default token flow asks for), by owner and alias, or by the whole id.
 */
export function tokenAllows(apps: readonly string[], endpoint: EndpointPath): boolean {
  return apps.some((app) => {
    const allowed = trimSlashes(app);
    return allowed === endpoint.alias || endpoint.id === allowed || endpoint.id.startsWith(`${allowed}/`);
  });
}

/** A key of its own, so that a token and a signed URL can never be taken for each other. */
function tokenKey(secret: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", secret, new Uint8Array(), "reshoot fal tokens", 32));
}
