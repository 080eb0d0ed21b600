/** Who calls: `Bearer id:secret`, where `id:secret` is the vendor's "API key". */
import type { FastifyRequest } from "fastify";
import { ReshootError } from "../errors.ts";
import { keyCaller, LOCAL_CALLER } from "../http/key.ts";
import type { Caller, Services } from "../services.ts";

const callers = new WeakMap<FastifyRequest, Caller>();

/** Who a request of a scope with {@link authenticate} is from. */
export function callerOf(request: FastifyRequest): Caller {
  const caller = callers.get(request);
  if (!caller) throw new TypeError("this route has no authentication hook");
  return caller;
}

/** A hook that finds out who calls. Without configured keys it is always the account `local`. @throws `unauthorized`. */
export function authenticate(services: Services): (request: FastifyRequest) => Promise<void> {
  return async (request) => {
    const { authorization } = request.headers;
    const [, credentials] = /^bearer +(\S+)$/i.exec(authorization ?? "") ?? [];
    const caller =
      services.config.keys.length === 0 ? LOCAL_CALLER : credentials && (await keyCaller(credentials, services));
    if (!caller) throw new ReshootError("unauthorized", authorization ? "Invalid API key" : "API key is required");
    callers.set(request, caller);
  };
}
