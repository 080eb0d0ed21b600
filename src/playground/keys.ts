/** Keys, for whoever holds an ADMIN key: listed, created, changed, revoked. */
import { randomBytes } from "node:crypto";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { ReshootError } from "../errors.ts";
import type { Key } from "../requests/store.ts";
import type { Services } from "../services.ts";
import type { KeysReply, KeyView, NewKeyReply } from "./api.ts";
import { callerOf } from "./area.ts";
import { readKeyChanges, readNewKey } from "./key-calls.ts";

const SECRET_BYTES = 32;
/** Keys that are not revoked: a list that one looks through. */
const MOST_KEYS = 1000;

/** Routes below `/playground/api/keys`. */
export function registerKeys(scope: FastifyInstance, services: Services): void {
  const { store, config, log } = services;
  const { accounts, usage } = store;
  const open = config.keys.length === 0;

  const view = async (key: Key): Promise<KeyView> => ({
    id: key.id,
    name: key.name,
    account: key.accountId,
    scope: key.scope,
    source: key.source,
    createdAt: key.createdAt,
    revokedAt: key.revokedAt,
    budget: key.budget,
    charged: await usage.charged(key.id),
    reserved: await usage.reserved(key.id),
    concurrency: key.concurrency,
  });

  /** A key that can be changed here. @throws `not_found`; `bad_request` for a configured one. */
  const changeable = async (id: string): Promise<Key> => {
    const key = (await accounts.listKeys()).find((one) => one.id === id && one.revokedAt === null);
    if (!key) throw new ReshootError("not_found", "There is no such key");
    if (key.source === "created") return key;
    throw new ReshootError("bad_request", "This key is configured: change it where the server gets its --keys");
  };

  scope.register(async (admins) => {
    admins.addHook("preHandler", async (request) => {
      const { key } = callerOf(request);
      if (key !== null && key.scope !== "ADMIN") {
        throw new ReshootError("forbidden", "Only an admin key may look after keys");
      }
    });

    admins.get("/keys", async (request): Promise<KeysReply> => {
      const keys = await accounts.listKeys();
      return { open, own: callerOf(request).key?.id ?? null, keys: await Promise.all(keys.map(view)) };
    });

    admins.post("/keys", async (request): Promise<NewKeyReply> => {
      const { account, ...wanted } = readNewKey(request.body);
      if (open) {
        throw new ReshootError("bad_request", "This server runs without keys. Start it with --keys to use any");
      }
      const live = (await accounts.listKeys()).filter(({ revokedAt }) => revokedAt === null);
      if (live.length >= MOST_KEYS) throw new ReshootError("bad_request", `There are ${MOST_KEYS} keys already`);
      const id = `key-${randomBytes(6).toString("hex")}`;
      const secret = randomBytes(SECRET_BYTES).toString("base64url");
      const accountId = account === "own" ? callerOf(request).accountId : id;
      await accounts.ensureAccount(accountId, wanted.name);
      const key = await accounts.putKey({ id, accountId, source: "created", ...wanted }, secret);
      log.info({ created: id, by: nameOf(request) }, "key created");
      return { key: await view(key), credentials: `${id}:${secret}` };
    });

    admins.patch<{ Params: { id: string } }>("/keys/:id", async (request): Promise<KeyView> => {
      const changes = readKeyChanges(request.body);
      const { id } = await changeable(request.params.id);
      const key = await accounts.changeKey(id, changes);
      if (!key) throw new ReshootError("not_found", "There is no such key");
      log.info({ changed: id, by: nameOf(request) }, "key changed");
      return view(key);
    });

    admins.delete<{ Params: { id: string } }>("/keys/:id", async (request) => {
      const { id } = await changeable(request.params.id);
      await accounts.revokeKey(id);
      log.info({ revoked: id, by: nameOf(request) }, "key revoked");
      return { revoked: id };
    });
  });
}

/** The id of the key that asks, which is no secret. */
function nameOf(request: FastifyRequest): string {
  return callerOf(request).key?.id ?? "this machine";
}
