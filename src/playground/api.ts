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
  readonly files: readonly FileView[];
  readonly error: { readonly code: ErrorCode; readonly message: string; readonly issues: readonly IssueView[] } | null;
};

/** `GET /playground/api/requests`: newest first. */
export type RequestsReply = { readonly items: readonly RequestView[]; readonly more: boolean };

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
