/** Requests as the playground's pages read them. */

import { mayRead } from "../files/expiry.ts";
import { type FileMarker, markersIn, replaceMarkers } from "../files/markers.ts";
import { filePath } from "../files/urls.ts";
import { failureOf } from "../requests/failure.ts";
import type { RequestRecord } from "../requests/store.ts";
import type { Caller, Services } from "../services.ts";
import type { RequestItem, RequestView } from "./api.ts";

/** Fields whose words tell one request from another, the most telling first. */
const WORDS = ["prompt", "text", "mask_prompt", "object_prompt", "caption"];
const MOST_WORDS = 200;

/** One request, whole. @param origin under which the caller reaches this server. */
export async function viewOf(record: RequestRecord, services: Services, origin: string): Promise<RequestView> {
  const failure = failureOf(record);
  const made = markersIn(record.output ?? {});
  const kept = await Promise.all(made.map(({ id }) => services.files.get(id)));
  const files = made.filter((_, index) => kept[index]);
  return {
    ...commonOf(record, services),
    input: (await replaceMarkers(record.input, async (file) => `${origin}${filePath(file)}`)) as RequestView["input"],
    files: files.map((file) => ({
      url: `${origin}${filePath(file)}`,
      fileName: file.fileName,
      contentType: String(file.facts?.content_type ?? ""),
      size: typeof file.facts?.file_size === "number" ? file.facts.file_size : null,
    })),
    expiredFiles: made.length - files.length,
    error: failure
      ? {
          code: failure.code,
          message: failure.message,
          issues: failure.issues.map(({ loc, msg, type }) => ({ loc, msg, type })),
        }
      : null,
  };
}

/** One line of the history. @param origin as for {@link viewOf}. */
export async function itemOf(
  record: RequestRecord,
  services: Services,
  caller: Caller,
  origin: string,
): Promise<RequestItem> {
  const words = WORDS.map((name) => record.input[name]).find((value) => typeof value === "string" && value !== "");
  return {
    ...commonOf(record, services),
    words: shortened(String(words ?? "")),
    failure: record.status === "failed" ? shortened(failureOf(record)?.message ?? "") : "",
    preview: await previewOf(record, services, caller, origin),
  };
}

function commonOf(record: RequestRecord, { catalog }: Services) {
  const price = catalog.find(record.endpoint)?.price;
  const units = record.billableUnits;
  return {
    id: record.id,
    endpoint: record.endpoint,
    requestedAs: record.requestedAs,
    dialect: record.dialect,
    status: record.status,
    createdAt: record.createdAt,
    startedAt: record.startedAt,
    finishedAt: record.finishedAt,
    engine: record.engine,
    computeSeconds: record.startedAt === null ? null : (record.metrics?.inferenceSeconds ?? null),
    units,
    price: units === null || !price ? null : Math.round(units * price.unitPrice * 1e6) / 1e6,
  };
}

/** Browsers send no key with pictures and videos: what needs one is no preview. */
async function previewOf(
  record: RequestRecord,
  { files }: Services,
  { accountId, key }: Caller,
  origin: string,
): Promise<RequestItem["preview"]> {
  const reader = key === null ? accountId : null;
  const plain = Object.entries(record.input).filter(([name]) => !/mask/.test(name));
  const candidates: [FileMarker, "result" | "input"][] = [
    ...markersIn(record.output ?? {}).map((file) => [file, "result"] as [FileMarker, "result"]),
    ...markersIn(Object.fromEntries(plain)).map((file) => [file, "input"] as [FileMarker, "input"]),
  ];
  for (const [marker, of] of candidates) {
    const file = await files.get(marker.id);
    const kind = file?.state === "ready" ? /^(video|image)\//.exec(file.contentType)?.[1] : undefined;
    if (!file || !kind || mayRead(file, reader) !== "allow") continue;
    return { url: `${origin}${filePath(file)}`, kind: kind as "video" | "image", of };
  }
  return null;
}

function shortened(text: string): string {
  if (text.length <= MOST_WORDS) return text;
  // Not half a character of two units.
  return `${text
    .slice(0, MOST_WORDS - 1)
    .replace(/[\ud800-\udbff]$/, "")
    .trimEnd()}…`;
}
