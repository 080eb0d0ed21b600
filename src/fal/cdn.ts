/** The file host: downloads, and the uploads of clients that hold a token (Python). */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { ReshootError } from "../errors.ts";
import { contentHeaders } from "../files/content.ts";
import { mayRead } from "../files/expiry.ts";
import { contentRange, parseRange } from "../files/range.ts";
import type { FileRecord } from "../requests/store.ts";
import type { Services } from "../services.ts";
import { type Credentials, identify } from "./auth.ts";
import { header } from "./options.ts";

/** Downloads: open to whoever has the URL, unless the file's own access list says otherwise. */
export function registerDownloads(cdn: FastifyInstance, services: Services): void {
  for (const url of ["/files/:id", "/files/:id/*"]) {
    // Fastify's own HEAD routes lose the length of what they do not send.
    cdn.route<{ Params: { id: string } }>({
      method: ["GET", "HEAD"],
      url,
      async handler(request, reply) {
        const file = await readableFile(request, request.params.id, services);
        return sendFile(request, reply, file, services);
      },
    });
  }
}

/** @throws `not_found` for files that are absent, unfinished, expired or hidden from this caller; `forbidden`. */
async function readableFile(request: Credentials, id: string, services: Services): Promise<FileRecord> {
  const file = await services.files.get(id);
  if (file?.state === "ready" && (file.expiresAt === null || file.expiresAt > Date.now())) {
    const restricted = file.access.default !== "allow" || file.access.rules.length > 0;
    const identity = restricted ? await identify(request, services) : undefined;
    const decision = mayRead(file, identity?.caller.accountId ?? null);
    if (decision === "allow") return file;
    if (decision === "forbid") throw new ReshootError("forbidden", "Access to this file is forbidden");
  }
  throw new ReshootError("not_found", "File not found");
}

function sendFile(request: FastifyRequest, reply: FastifyReply, file: FileRecord, services: Services): FastifyReply {
  const headers = contentHeaders(file);
  reply.headers(headers);
  if (matches(header(request, "if-none-match"), headers.etag)) return reply.code(304).send();
  // A range of something else than the client has the rest of is of no use to it (RFC 9110 §13.1.5).
  const ifRange = header(request, "if-range");
  const wanted = ifRange === undefined || ifRange === headers.etag ? header(request, "range") : undefined;
  const range = satisfiable(reply, wanted, file);
  const length = range ? range.end - range.start + 1 : file.size;
  reply.header("content-length", length);
  if (range) reply.code(206).header("content-range", contentRange(range, file.size));
  return request.method === "HEAD" || length === 0 ? reply.send() : reply.send(services.files.read(file, range));
}

function satisfiable(reply: FastifyReply, wanted: string | undefined, file: FileRecord) {
  try {
    return parseRange(wanted, file.size);
  } catch (error) {
    reply.removeHeader("content-disposition").header("cache-control", "no-store");
    reply.header("content-range", contentRange(undefined, file.size));
    throw error;
  }
}

/** RFC 9110 §13.1.2, weak comparison. */
function matches(ifNoneMatch: string | undefined, etag: string | undefined): boolean {
  const tags = ifNoneMatch?.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return tags !== undefined && (tags.includes("*") || tags.includes(etag ?? ""));
}
