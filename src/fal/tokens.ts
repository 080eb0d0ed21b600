/** Where clients get short-lived tokens for realtime and client-mode streaming. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { fieldError, ReshootError } from "../errors.ts";
import type { Caller, Services } from "../services.ts";
import { keyHolder } from "./auth.ts";
import { parseEndpointId } from "./endpoint-path.ts";
import { signToken } from "./jwt.ts";

const DEFAULT_SECONDS = 120;
const MAX_SECONDS = 24 * 3600;
const MAX_APPS = 100;
const MAX_APP_LENGTH = 200;

/** `/tokens/` and `/tokens/realtime` of the REST host. */
export function registerTokens(rest: FastifyInstance, services: Services): void {
  for (const path of ["/tokens", "/tokens/realtime"]) {
    rest.post(path, async (request, reply) => {
      const token = await issue(request, keyHolder(request), services);
      // A JSON string: as text the client would keep no quotes to strip, as JSON it would not parse without them.
      return reply.type("application/json").send(JSON.stringify(token));
    });
  }
}

/** `/api/fal/realtime-token`: the token as plain text, for pages that this server (or its own front) delivers. */
export function registerRealtimeToken(api: FastifyInstance, services: Services): void {
  api.post("/realtime-token", async (request, reply) => {
    refuseOtherOrigins(request, services);
    return reply.type("text/plain; charset=utf-8").send(await issue(request, keyHolder(request), services));
  });
}

async function issue(request: FastifyRequest, caller: Caller, services: Services): Promise<string> {
  const { apps, seconds } = readTokenRequest(request.body);
  const claims = { accountId: caller.accountId, keyId: caller.key?.id ?? null, use: "apps", apps } as const;
  return signToken(services.secret, claims, seconds);
}

/** The spellings in use: `allowed_apps` or `app`, `token_expiration` or `duration`. */
function readTokenRequest(body: unknown): { apps: string[]; seconds: number } {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw fieldError("dict_type", ["body"], "Input should be a valid dictionary");
  }
  const { allowed_apps, app, token_expiration, duration } = body as Record<string, unknown>;
  const field = allowed_apps === undefined && app !== undefined ? "app" : "allowed_apps";
  const given = allowed_apps ?? app;
  if (given === undefined) throw fieldError("missing", ["body", "allowed_apps"], "Field required");
  const apps = (Array.isArray(given) ? given : [given]) as unknown[];
  for (const [index, item] of apps.entries()) {
    const loc = Array.isArray(given) ? ["body", field, index] : ["body", field];
    if (typeof item !== "string") throw fieldError("string_type", loc, "Input should be a valid string");
    const known = item.length <= MAX_APP_LENGTH && (/^[\w.-]+$/.test(item) || parseEndpointId(item));
    if (!known) throw fieldError("value_error", loc, "Input should be an app's alias or id");
  }
  if (apps.length < 1) throw fieldError("sequence_too_short", ["body", field], "Name at least one app");
  if (apps.length > MAX_APPS) throw fieldError("sequence_too_long", ["body", field], `Name at most ${MAX_APPS} apps`);
  const secondsField = token_expiration === undefined && duration !== undefined ? "duration" : "token_expiration";
  const seconds = Number(token_expiration ?? duration ?? DEFAULT_SECONDS);
  if (!Number.isFinite(seconds)) {
    throw fieldError("float_type", ["body", secondsField], "Input should be a valid number");
  }
  if (seconds <= 0) {
    throw fieldError("greater_than", ["body", secondsField], "Input should be greater than 0", { ctx: { gt: 0 } });
  }
  return { apps: apps as string[], seconds: Math.min(Math.ceil(seconds), MAX_SECONDS) };
}

/** A page elsewhere must not get a token by way of its visitor. */
function refuseOtherOrigins(request: FastifyRequest, services: Services): void {
  const origin = request.headers.origin;
  const own = [`${request.protocol}://${request.host}`, ...services.ownOrigins()];
  const site = request.headers["sec-fetch-site"];
  if ((origin && !own.includes(origin)) || site === "cross-site" || site === "same-site") {
    throw new ReshootError("forbidden", "Realtime tokens are given to pages of this origin only");
  }
}
