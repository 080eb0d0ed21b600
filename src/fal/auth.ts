/** Who calls: `Key id:secret`, `Bearer id:secret`, a token of ours as Bearer, or `?fal_jwt_token=`. */
import type { FastifyRequest, onRequestHookHandler } from "fastify";
import { ReshootError } from "../errors.ts";
import { keyCaller, LOCAL_CALLER } from "../http/key.ts";
import type { Caller, Services } from "../services.ts";
import type { EndpointPath } from "./endpoint-path.ts";
import { tokenAllows, verifyToken } from "./jwt.ts";

/** A caller, and what a token limits it to. */
export type Identity = {
  readonly caller: Caller;
  /** Endpoints or aliases a token allows; absent for a key. */
  readonly apps?: readonly string[];
  /** The caller holds a token for uploads only. */
  readonly uploadsOnly?: true;
};

/** The part of a request that says who it is from. */
export type Credentials = Pick<FastifyRequest, "headers" | "query">;

/** Whoever calls while the server runs without keys. */
const EVERYBODY: Identity = { caller: LOCAL_CALLER };

const identities = new WeakMap<FastifyRequest, Identity>();

/** Who a request of a scope with authentication is from. */
export function identityOf(request: FastifyRequest): Identity {
  const identity = identities.get(request);
  if (!identity) throw new TypeError("this route has no authentication hook");
  return identity;
}

/** Whose request it is, for the log; undefined when nobody asked. */
export function accountOf(request: FastifyRequest): string | undefined {
  return identities.get(request)?.caller.accountId;
}

/** The caller of a request that a key, not a token, must authorise. @throws `forbidden`. */
export function keyHolder(request: FastifyRequest): Caller {
  const { caller, apps, uploadsOnly } = identityOf(request);
  if (apps || uploadsOnly) throw new ReshootError("forbidden", "This token does not allow this; use a key");
  return caller;
}

/** The caller, who may use this endpoint. @throws `forbidden` when a token's scope leaves it out. */
export function callerFor(request: FastifyRequest, endpoint: EndpointPath): Caller {
  const { caller, apps, uploadsOnly } = identityOf(request);
  if (uploadsOnly || (apps && !tokenAllows(apps, endpoint))) {
    throw new ReshootError("forbidden", `This token does not allow access to ${endpoint.id}`);
  }
  return caller;
}

/** A hook that finds out who calls. @throws `unauthorized`. */
export function authenticate(services: Services): onRequestHookHandler {
  return (request, _reply, done) => {
    const admit = (identity: Identity | undefined): void => {
      if (identity) identities.set(request, identity);
      done(identity ? undefined : unauthorized(request));
    };
    if (services.config.keys.length === 0) admit(EVERYBODY);
    else identify(request, services).then(admit, done);
  };
}

function unauthorized({ headers }: FastifyRequest): ReshootError {
  const text = headers.authorization
    ? "Invalid Key Authorization credentials were provided."
    : "Authentication is required to access this application.";
  return new ReshootError("unauthorized", text);
}

/** Who calls; undefined when the request carries no credentials, or none that hold. */
export async function identify(request: Credentials, services: Services): Promise<Identity | undefined> {
  if (services.config.keys.length === 0) return EVERYBODY;
  const token = (request.query as { fal_jwt_token?: unknown }).fal_jwt_token;
  if (typeof token === "string") return identifyToken(token, services);
  const [, scheme, credentials] = /^(key|bearer) +(\S+)$/i.exec(request.headers.authorization ?? "") ?? [];
  if (!scheme || !credentials) return undefined;
  if (!credentials.includes(":")) {
    return scheme.toLowerCase() === "bearer" ? identifyToken(credentials, services) : undefined;
  }
  const caller = await keyCaller(credentials, services);
  return caller && { caller };
}

/** Who holds a token: it dies with the key that asked for it. */
export async function identifyToken(token: string, services: Services): Promise<Identity | undefined> {
  if (services.config.keys.length === 0) return EVERYBODY;
  const claims = await verifyToken(services.secret, token);
  if (!claims) return undefined;
  const keys = await services.store.accounts.listKeys(claims.accountId);
  const key = keys.find(({ id, revokedAt }) => id === claims.keyId && revokedAt === null);
  if (!key) return undefined;
  const caller = { accountId: key.accountId, key };
  return claims.use === "uploads" ? { caller, uploadsOnly: true } : { caller, apps: claims.apps };
}
