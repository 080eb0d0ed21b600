/** What the playground's own routes say: read by the server that writes it and by the app that shows it. Types only. */
import type { JsonSchema } from "../endpoints/json-schema.ts";
import type { ErrorCode, Loc } from "../errors.ts";

/** How far the configured engines serve an endpoint. */
export type Support = {
  /** `partly`: some options need an operation that no configured engine has. */
  readonly state: "ready" | "partly" | "missing";
  /** The engine that takes it, in configured order; null when none does. */
  readonly engine: string | null;
  /** What is lacking and what it would take, in sentences. */
  readonly reasons: readonly string[];
};

/** The vendor's price in words and figures. */
export type PriceView = { readonly unitPrice: number; readonly unit: string; readonly rule: string };

/** One card of the gallery. */
export type EndpointSummary = {
  readonly id: string;
  readonly aliases: readonly string[];
  readonly family: string;
  readonly title: string;
  readonly description: string;
  readonly category: string;
  readonly transport: "request" | "realtime";
  readonly vendor: "fal" | "wavespeed";
  /** The operation that gives the endpoint its name, for its pictogram. */
  readonly operation: string | null;
  readonly price: PriceView;
  readonly support: Support;
  /** Fields of the input that take masks. */
  readonly masks: Readonly<Record<string, MaskLevels>>;
};

/** `GET /playground/api/catalog`. */
export type CatalogReply = {
  readonly version: string;
  /** Whether callers must give a key. */
  readonly keys: boolean;
  /** Whether requests are charged to keys. */
  readonly charges: boolean;
  readonly engines: readonly { readonly name: string; readonly summary: string }[];
  readonly limits: {
    readonly uploadBytes: number;
    readonly inputSeconds: number;
    readonly outputDays: number;
    readonly uploadDays: number;
    readonly requestDays: number;
  };
  readonly endpoints: readonly EndpointSummary[];
};

/** Media of our own making that examples use. */
export type SampleView = {
  readonly name: string;
  readonly kind: "video" | "image" | "audio";
  readonly title: string;
};

/** How grey levels of a mask field are read: `quad` 0 remove … 255 keep; `white` white is the object. */
export type MaskLevels = "quad" | "white";

/** `GET /playground/api/endpoints/{id}`. */
export type EndpointDetail = EndpointSummary & {
  readonly input: JsonSchema;
  readonly output: JsonSchema;
  /** Inputs whose media are `sample:{name}`. */
  readonly examples: readonly { readonly title: string; readonly input: Readonly<Record<string, unknown>> }[];
  readonly samples: readonly SampleView[];
};

/** What the page knows of the main video or audio: seconds, pixels, frames a second. */
export type MediaFacts = {
  readonly duration: number;
  readonly width: number;
  readonly height: number;
  readonly fps: number;
};

/** One thing wrong with one field. */
export type IssueView = { readonly loc: Loc; readonly msg: string; readonly type: ErrorCode };

/** `POST /playground/api/check`: an input that is still being filled in. */
export type CheckCall = {
  readonly endpoint: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly media?: MediaFacts;
};

/** What is wrong with it, what it would cost at the vendor's, and whether an engine would take it. */
export type CheckReply = {
  readonly issues: readonly IssueView[];
  /** Null while the input is too incomplete to say. */
  readonly price: { readonly units: number; readonly dollars: number } | null;
};

/** `POST /playground/api/remote` with `{ url }`: the file at that address, now on this server. */
export type RemoteReply = { readonly url: string };

/** A stored file of a request. */
export type FileView = {
  readonly url: string;
  readonly fileName: string;
  readonly contentType: string;
  /** Bytes; null when the request does not say. */
  readonly size: number | null;
};

/** A request of this account. Times are milliseconds since the epoch. */
export type RequestView = {
  readonly id: string;
  readonly endpoint: string;
  readonly requestedAs: string;
  readonly dialect: "fal" | "wavespeed";
  readonly status: "queued" | "running" | "succeeded" | "failed" | "cancelled";
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly engine: string | null;
  readonly computeSeconds: number | null;
  readonly units: number | null;
  /** Dollars by the vendor's price; null before it is known. */
  readonly price: number | null;
  readonly input: Readonly<Record<string, unknown>>;
  /** Of the result, those that are still kept. */
  readonly files: readonly FileView[];
  /** How many files of the result have expired. */
  readonly expiredFiles: number;
  readonly error: { readonly code: ErrorCode; readonly message: string; readonly issues: readonly IssueView[] } | null;
};

/** A request in the history. */
export type RequestItem = Omit<RequestView, "input" | "files" | "expiredFiles" | "error"> & {
  /** The words of its input, shortened; empty when it has none. */
  readonly words: string;
  /** Why it failed; empty when it did not. */
  readonly failure: string;
  /** A picture or video of its result, else of its input; null when there is none, or none that may be read by URL. */
  readonly preview: { readonly url: string; readonly kind: "video" | "image"; readonly of: "result" | "input" } | null;
};

/**
 * `GET /playground/api/requests?endpoint=&status=&since=&until=&cursor=`: newest first; times are milliseconds, `until` is
 * not included.
 */
export type RequestsReply = {
  readonly items: readonly RequestItem[];
  /** Where the next page begins; null on the last. */
  readonly cursor: string | null;
};

/**
 * `GET /playground/api/usage?edges=t0,t1,...`: sums of what ended from each time to before the next. Dollars by the vendor's
 * price, and as charged here.
 */
export type UsageReply = {
  readonly points: readonly {
    /** Which pair of edges, from 0. */
    readonly period: number;
    readonly endpoint: string;
    readonly succeeded: number;
    /** Failed or cancelled. */
    readonly failed: number;
    readonly computeSeconds: number;
    readonly price: number;
    readonly charge: number;
  }[];
};

/** A key as admins see it: never its secret. */
export type KeyView = {
  readonly id: string;
  readonly name: string;
  readonly account: string;
  readonly scope: "API" | "ADMIN";
  /** `configured` keys are changed where the server is configured. */
  readonly source: "configured" | "created";
  readonly createdAt: number;
  readonly revokedAt: number | null;
  /** Dollars; null: no limit. */
  readonly budget: number | null;
  /** Dollars charged so far, and those that open requests may come to. */
  readonly charged: number;
  readonly reserved: number;
  /** Requests at once; null: no limit. */
  readonly concurrency: number | null;
};

/** `GET /playground/api/keys`. Without configured keys nobody is asked for one: `open` is true, and created keys rest. */
export type KeysReply = {
  readonly open: boolean;
  /** The key that asks; null when the server is open. */
  readonly own: string | null;
  readonly keys: readonly KeyView[];
};

/** `POST /playground/api/keys`. */
export type NewKeyCall = {
  /** 1 to 80 characters. */
  readonly name: string;
  readonly scope: "API" | "ADMIN";
  /** `own`: the caller's account, whose requests it sees; `new`: one of its own. */
  readonly account: "own" | "new";
  readonly budget: number | null;
  readonly concurrency: number | null;
};

/** Its answer: the only one that ever has the credentials, `id:secret`. */
export type NewKeyReply = { readonly key: KeyView; readonly credentials: string };

/** `PATCH /playground/api/keys/{id}`: what is left out stays. */
export type KeyChangeCall = Partial<Pick<NewKeyCall, "name" | "budget" | "concurrency">>;

/** One line of `GET /playground/api/requests/{id}/events` (newline-delimited JSON): what is new since the line before. */
export type RequestEvent = {
  readonly status: RequestView["status"];
  /** Requests ahead, while queued. */
  readonly position?: number;
  /** 0 to 1, while running. */
  readonly progress?: number;
  readonly stage?: string;
  readonly logs: readonly { readonly at: number; readonly level: string; readonly message: string }[];
};
