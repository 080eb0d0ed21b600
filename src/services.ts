/** What the dialects are given: everything behind the HTTP surface, already wired. */
import type { FastifyBaseLogger } from "fastify";
import type { Config } from "./config.ts";
import type { Catalog } from "./endpoints/catalog.ts";
import type { Endpoint } from "./endpoints/endpoint.ts";
import type { UrlSigner } from "./files/signed-urls.ts";
import type { FileStore } from "./files/store.ts";
import type { RequestEvents } from "./requests/events.ts";
import type { JsonObject, Key, Priority, RequestStore, Submitted } from "./requests/store.ts";

/** Who calls. Without configured keys everybody on this machine is the account `local` with an ADMIN key. */
export type Caller = {
  readonly accountId: string;
  /** Null when the server runs without keys. */
  readonly key: Key | null;
};

/** A request as a dialect read it off the wire, not yet validated. */
export type Call = {
  readonly endpoint: Endpoint;
  /** The endpoint id in the caller's own spelling (an alias). */
  readonly requestedAs: string;
  readonly body: unknown;
  readonly caller: Caller;
  readonly dialect: "fal" | "wavespeed";
  /** Origin the caller used, for example `http://127.0.0.1:7860`: file URLs under it are our own. */
  readonly origin: string;
  readonly priority: Priority;
  /** 1: never retried (direct runs). */
  readonly maxAttempts: number;
  readonly startBy: number | null;
  readonly webhook: string | null;
  readonly idempotencyKey: string | null;
  readonly maxQueued?: number;
  readonly options: JsonObject;
};

/** Turns a call into a durable request. */
export type Intake = {
  /**
   * Validates, checks support, moves data URIs into the file store, and accepts durably.
   * @throws ReshootError: validation issues, `feature_not_supported` when no configured engine can, `queue_full`...
   */
  submit(call: Call): Promise<Submitted>;
};

/** What is behind the HTTP surface. */
export type Services = {
  readonly config: Config;
  readonly catalog: Catalog;
  readonly store: RequestStore;
  readonly files: FileStore;
  readonly signer: UrlSigner;
  readonly events: RequestEvents;
  readonly intake: Intake;
  /** 32 random bytes kept in the data folder: signs tokens and URLs. */
  readonly secret: Uint8Array;
  readonly log: FastifyBaseLogger;
  /** Whether requests are accepted and a media worker has passed its self-test. */
  readonly ready: () => boolean;
  /** Origins under which this server is known besides the caller's: public URL, loopback names with our port. */
  readonly ownOrigins: () => readonly string[];
};
