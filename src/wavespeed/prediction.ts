/** A request as the vendor's prediction object (PROTOCOL B3). */
import { buffer } from "node:stream/consumers";
import { type FileMarker, markersIn, replaceMarkers } from "../files/markers.ts";
import { filePath } from "../files/urls.ts";
import { failureOf } from "../requests/failure.ts";
import type { Json, JsonObject, RequestRecord } from "../requests/store.ts";
import type { Services } from "../services.ts";
import { errorText, predictionCode } from "./errors.ts";
import { modelName } from "./models.ts";

/** The status words that every version of the clients understands. */
export type PredictionStatus = "created" | "processing" | "completed" | "failed";

/** The vendor's prediction object. Times are ISO 8601 and milliseconds. */
export type Prediction = {
  readonly id: string;
  readonly model: string;
  readonly input: Json;
  /** URLs; base64 without a prefix where the caller asked for it; the result itself where it holds no file. */
  readonly outputs: readonly Json[];
  readonly urls: { readonly get: string };
  /** One for each output. Nothing is looked at unless a safety checker is configured. */
  readonly has_nsfw_contents: readonly boolean[];
  readonly status: PredictionStatus;
  readonly created_at: string;
  readonly error: string;
  readonly code: number;
  readonly executionTime: number;
  readonly timings: { readonly inference: number };
};

const STATUSES = {
  queued: "created",
  running: "processing",
  succeeded: "completed",
  failed: "failed",
  // Not all versions of the clients know that a cancelled prediction will never change again.
  cancelled: "failed",
} as const satisfies Record<RequestRecord["status"], PredictionStatus>;

/** The id the vendor's way: 32 hexadecimal digits. */
export function predictionId(requestId: string): string {
  return requestId.replaceAll("-", "");
}

/** Describes a request. @param origin under which the caller reaches this server. */
export async function predictionOf(record: RequestRecord, services: Services, origin: string): Promise<Prediction> {
  const id = predictionId(record.id);
  const failure = failureOf(record);
  const outputs = record.status === "succeeded" ? await outputsOf(record, services, origin) : [];
  return {
    id,
    model: modelName(record, services),
    input: await inputOf(record, origin),
    outputs,
    urls: { get: `${origin}/api/v3/predictions/${id}/result` },
    has_nsfw_contents: outputs.map(() => false),
    status: STATUSES[record.status],
    created_at: new Date(record.createdAt).toISOString(),
    error: failure ? errorText(failure) : "",
    code: failure ? predictionCode(failure) : 0,
    executionTime: record.finishedAt === null ? 0 : record.finishedAt - (record.startedAt ?? record.finishedAt),
    timings: { inference: Math.round((record.metrics?.inferenceSeconds ?? 0) * 1000) },
  };
}

/** The URL of a stored file. */
export function fileUrl(file: { readonly id: string; readonly fileName: string }, origin: string): string {
  return `${origin}${filePath(file)}`;
}

function inputOf(record: RequestRecord, origin: string): Promise<Json> {
  return replaceMarkers(record.input, async (marker) => fileUrl(marker, origin));
}

/** The files of a result in their order; a result without files is one output. */
async function outputsOf(record: RequestRecord, services: Services, origin: string): Promise<Json[]> {
  const output: JsonObject = record.output ?? {};
  const markers = markersIn(output);
  if (markers.length === 0) return [output];
  if (record.options.base64 !== true) return markers.map((marker) => fileUrl(marker, origin));
  let room = services.config.limits.bodyBytes;
  const rendered: Json[] = [];
  for (const marker of markers) {
    const bytes = await inlineBytes(marker, room, services);
    room -= bytes?.length ?? 0;
    rendered.push(bytes ? bytes.toString("base64") : fileUrl(marker, origin));
  }
  return rendered;
}

/** A reply must fit into memory: what is larger keeps its URL. */
async function inlineBytes(marker: FileMarker, room: number, { files }: Services): Promise<Buffer | undefined> {
  const file = await files.get(marker.id);
  return file?.state === "ready" && file.size <= room ? buffer(files.read(file)) : undefined;
}
