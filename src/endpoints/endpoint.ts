/**
 * An endpoint is data plus one small function. Everything that describes it (validation, OpenAPI, forms, code samples,
 * docs, price) derives from this one value.
 */
import type { Issue, Loc } from "../errors.ts";
import type { LogLevel, MediaHandle, MediaInfo, OperationName, Operations } from "../operations/operations.ts";
import type { Static, TObject } from "./typebox.ts";

/** Media kinds a URL field may point to. */
export type MediaKind = "video" | "image" | "audio" | "media";

/**
 * The result as `run` gives it: the output schema, with `{ $file: MediaHandle, ...facts }` where the vendor has a File
 * object, and `{ $url: MediaHandle }` where it has a bare URL string. The dialect renders both for whoever reads them.
 */
export type EndpointOutput = Readonly<Record<string, unknown>>;

/** What `run` may use. Nothing here touches HTTP, the database or FFmpeg. */
export type EndpointContext = {
  /** Brings the media of one input field into the job's folder. Errors name the field. */
  open(path: Loc | string): Promise<MediaHandle>;
  /** Operations of whichever engine the router chose for each. */
  readonly operations: { readonly [Name in OperationName]: BoundOperation<Operations[Name]> };
  log(level: LogLevel, message: string): void;
  /** Gives the operations that follow a share of the whole progress bar: from `start` to `end`, 0 to 1. */
  stage(name: string, start: number, end: number): void;
  readonly signal: AbortSignal;
  /** The request's seed when the input has none: fixed for the life of the request, so that a retry gives the same bytes. */
  readonly defaultSeed: number;
};

// biome-ignore lint/suspicious/noExplicitAny: any parameter list is meant here.
type BoundOperation<F> = F extends (params: infer P, options: any) => infer R ? (params: P) => R : never;

/** What an input's price and compute depend on besides the input itself. */
export type PriceFacts = {
  /** Of the main input video or of the output, as the vendor's rule says; absent before it is known. */
  readonly media?: MediaInfo;
  /** Seconds of all inputs of a list together; absent where the main input is none, or before it is known. */
  readonly seconds?: number;
};

/** The vendor's catalog price, shown before submit and recorded as units after. */
export type Price = {
  /** Dollars per unit. */
  readonly unitPrice: number;
  /** What is counted: `video`, `second`, `megapixel`, `unit`... */
  readonly unit: string;
  /** Units of one request by the vendor's rule. */
  units(input: Readonly<Record<string, unknown>>, facts: PriceFacts): number;
  /** The rule in words. */
  readonly rule: string;
};

/** One endpoint of the catalog. */
export type Endpoint<I extends TObject = TObject, O extends TObject = TObject> = {
  /** Full id, for example `fal-ai/void-video-inpainting`. */
  readonly id: string;
  /** Other ids under which the vendor serves the same contract. */
  readonly aliases: readonly string[];
  readonly family: string;
  readonly title: string;
  /** One or two sentences in our own words. */
  readonly description: string;
  readonly category:
    | "video-to-video"
    | "text-to-video"
    | "image-to-video"
    | "video-to-audio"
    | "json"
    | "audio-to-audio";
  /** `realtime` endpoints are spoken to over a WebSocket, not queued. */
  readonly transport: "request" | "realtime";
  readonly vendor: "fal" | "wavespeed";
  readonly input: I;
  readonly output: O;
  readonly examples: readonly Readonly<Record<string, unknown>>[];
  readonly price: Price;
  /** Rewrites a vendor's other spellings into this schema, before validation. */
  readonly accept?: (raw: Record<string, unknown>) => Record<string, unknown>;
  /** Rules over several fields, after validation. */
  readonly check?: (input: Static<I>) => readonly Issue[];
  /** The operations this input needs; what no engine offers is refused at submit. */
  readonly needs: (input: Static<I>) => readonly { operation: OperationName; loc: Loc; why?: string }[];
  /** The default composition of operations. Absent: only an engine that serves the whole endpoint can run it. */
  readonly run?: (input: Static<I>, context: EndpointContext) => Promise<EndpointOutput>;
};

/** Keeps an endpoint's own types while it is being written. */
export function defineEndpoint<I extends TObject, O extends TObject>(endpoint: Endpoint<I, O>): Endpoint {
  return endpoint as unknown as Endpoint;
}
