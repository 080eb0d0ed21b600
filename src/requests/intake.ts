/** From a call on the wire to a durable request: validate, check support, move inline media into the file store. */
import { randomInt } from "node:crypto";
import type { Config } from "../config.ts";
import type { Endpoint } from "../endpoints/endpoint.ts";
import { mediaFields, parseInput, replaceAt } from "../endpoints/validate.ts";
import { fieldError } from "../errors.ts";
import { nameFor } from "../files/content.ts";
import { isDataUri, parseDataUri } from "../files/data-uri.ts";
import { mayRead } from "../files/expiry.ts";
import type { FileStore } from "../files/store.ts";
import { fileIdOf } from "../files/urls.ts";
import type { Call, Intake } from "../services.ts";
import type { RequestEvents } from "./events.ts";
import { newRequestId } from "./ids.ts";
import type { JsonObject, RequestStore, SubmitLimit } from "./store.ts";

const DAY = 24 * 3600 * 1000;
/** How long a result can be read that its caller asked not to be kept (fal's x-fal-store-io: 0). */
const UNSTORED_MS = 3600 * 1000;
const SEEDS = 2 ** 31;

/** What the intake needs of the other rooms. */
export type IntakeParts = {
  readonly config: Config;
  readonly store: RequestStore;
  readonly files: FileStore;
  readonly events: RequestEvents;
  /** Chooses the engine, or throws `feature_not_supported`. */
  readonly route: (endpoint: Endpoint, input: Readonly<Record<string, unknown>>) => { readonly name: string };
  readonly ownOrigins: () => readonly string[];
  readonly now?: () => number;
};

/** The one way a request enters, whatever the dialect. */
export function createIntake(parts: IntakeParts): Intake {
  const { config, store, files, events, now = Date.now } = parts;

  return {
    async submit(call) {
      const { input, unknown } = parseInput(call.endpoint, call.body);
      const lane = parts.route(call.endpoint, input).name;
      const id = newRequestId(now());
      const { stored, inline } = await storeInlineMedia(call, input);
      const accepted = store.submit(
        {
          id,
          accountId: call.caller.accountId,
          keyId: call.caller.key?.id ?? null,
          dialect: call.dialect,
          endpoint: call.endpoint.id,
          requestedAs: call.requestedAs,
          lane,
          input: stored as JsonObject,
          seed: typeof input.seed === "number" ? input.seed : randomInt(SEEDS),
          priority: call.priority,
          maxAttempts: call.maxAttempts,
          startBy: call.startBy,
          keepForMs: call.options.storeIo === false ? UNSTORED_MS : config.limits.requestDays * DAY,
          webhook: call.webhook,
          idempotencyKey: call.idempotencyKey,
          options: {
            ...call.options,
            origin: call.origin,
            ...(unknown.length > 0 && { unknownFields: [...unknown] }),
          },
        },
        { ...(call.maxQueued !== undefined && { maxQueued: call.maxQueued }), ...budgetOf(call, input) },
      );
      const created = await accepted.then(
        (result) => result.created,
        () => false,
      );
      if (created) events.publish({ type: "queued", lane });
      else await Promise.all(inline.map((file) => files.delete(file)));
      return accepted;
    },
  };

  /** The price is what the input alone tells. */
  function budgetOf({ caller: { key }, endpoint }: Call, input: Record<string, unknown>): Pick<SubmitLimit, "budget"> {
    if (key === null || key.budget === null || config.prices === "none") return {};
    const { unitPrice, units } = endpoint.price;
    return { budget: { dollars: key.budget, price: unitPrice * units(input, {}) } };
  }

  /**
   * Media in the body becomes a stored file, and a URL of ours becomes a reference to its file (`{ "$url": id }`), so that
   * the database holds no megabytes and the runner fetches nothing from its own server.
   */
  async function storeInlineMedia(call: Call, input: Record<string, unknown>) {
    let stored = input;
    const inline: string[] = [];
    for (const { loc, value } of mediaFields(call.endpoint, input)) {
      const isInline = isDataUri(value);
      const own = isInline ? await storeDataUri(call, value, loc) : await ownFile(call, value, loc);
      if (isInline && own) inline.push(own.id);
      if (own) stored = replaceAt(stored, loc, { $url: own.id, file_name: own.fileName });
    }
    return { stored, inline };
  }

  async function storeDataUri(call: Call, uri: string, loc: readonly (string | number)[]) {
    const limit = { maxBytes: config.limits.uploadBytes };
    const { contentType, open } = parseDataUri(uri, loc, limit);
    return files.put(
      {
        accountId: call.caller.accountId,
        requestId: null,
        fileName: nameFor(contentType, loc.slice(1).join("-")),
        contentType,
        access: { default: "hide", rules: [] },
        expiresAt: now() + config.limits.uploadDays * DAY,
      },
      open(),
      limit,
    );
  }

  async function ownFile(call: Call, url: string, loc: readonly (string | number)[]) {
    const found = fileIdOf(url, [call.origin, ...parts.ownOrigins()]);
    if (!found) return undefined;
    const file = await files.get(found.id);
    if (file?.state === "ready" && mayRead(file, call.caller.accountId) === "allow") return file;
    if (!found.certain) return undefined;
    throw fieldError("file_download_error", loc, `There is no file at ${url}: it never was, or it has expired`);
  }
}
