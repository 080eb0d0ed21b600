/** The bytes of uploads, on the file host: by signed URL (JavaScript) or by token (Python), whole or in parts. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { fieldError, ReshootError } from "../errors.ts";
import { normalizeContentType } from "../files/content.ts";
import { parseJsonBodies } from "../http/body.ts";
import type { Services } from "../services.ts";
import { authenticate, identityOf } from "./auth.ts";
import { pathNotFound } from "./errors.ts";
import { header } from "./options.ts";
import { fileUrl, originsOf } from "./origin.ts";
import { newFile } from "./storage.ts";

const MAX_PARTS = 10_000;
/** A list of ten thousand parts is below 1 MB. */
const COMPLETE_BODY_BYTES = 4 * 1024 * 1024;

/** Routes that a signed URL opens, whoever calls. */
export async function registerSignedUploads(cdn: FastifyInstance, services: Services): Promise<void> {
  const limit = { maxBytes: services.config.limits.uploadBytes };
  type Route = { Params: { id: string; part: string }; Querystring: { expires?: string; signature?: string } };

  cdn.addHook("onRequest", async (request) => {
    const { params, query } = request as FastifyRequest<Route>;
    if (!services.signer.verify("upload", params.id, query)) {
      throw new ReshootError("forbidden", "This upload URL is not valid, or has expired");
    }
  });
  cdn.put<Route>("/uploads/:id", async (request, reply) => {
    await services.files.fill(request.params.id, request.raw, limit, contentType(request));
    return reply.send({});
  });
  cdn.put<Route>("/uploads/:id/:part", ({ raw, params }, reply) =>
    putPart(reply, params.id, params.part, raw, services),
  );
  cdn.register(async (complete) => {
    parseJsonBodies(complete, COMPLETE_BODY_BYTES);
    complete.post<Route>("/uploads/:id/complete", async (request, reply) => {
      await services.files.completeParts(request.params.id, readParts(request.body), limit);
      return reply.send({});
    });
  });
}

/** Routes for holders of an upload token or a key. */
export async function registerTokenUploads(cdn: FastifyInstance, services: Services): Promise<void> {
  const limit = { maxBytes: services.config.limits.uploadBytes };
  type Route = { Params: { id: string; "*": string } };

  cdn.addHook("onRequest", authenticate(services));
  cdn.post("/files/upload", async (request, reply) => {
    const file = await services.files.put(described(request, services), request.raw, limit);
    return reply.send({ access_url: fileUrl(file, originsOf(request, services.config)) });
  });
  cdn.post("/files/upload/multipart", async (request, reply) => {
    const file = await services.files.reserve(described(request, services));
    return reply.send({ access_url: fileUrl(file, originsOf(request, services.config)), uploadId: file.id });
  });
  cdn.put<Route>("/files/:id/*", async (request, reply) => {
    const [id, part] = await ownUpload(request, services);
    return putPart(reply, id, part, request.raw, services);
  });
  cdn.register(async (complete) => {
    parseJsonBodies(complete, COMPLETE_BODY_BYTES);
    complete.post<Route>("/files/:id/*", async (request, reply) => {
      const [id, what] = await ownUpload(request, services);
      if (what !== "complete") throw pathNotFound(request.url);
      const file = await services.files.completeParts(id, readParts(request.body), limit);
      return reply.send({ access_url: fileUrl(file, originsOf(request, services.config)) });
    });
  });
}

/** The new file that an upload's headers describe. */
function described(request: FastifyRequest, services: Services) {
  const { caller, apps } = identityOf(request);
  if (apps) throw new ReshootError("forbidden", "This token does not allow uploads");
  const fileName = header(request, "x-fal-file-name");
  return newFile(request, caller, fileName, normalizeContentType(contentType(request)), services);
}

/** Id and last segment of `{access_url}/multipart/{uploadId}/{n or complete}`, where the upload is the caller's own. */
async function ownUpload(
  request: FastifyRequest<{ Params: { id: string; "*": string } }>,
  services: Services,
): Promise<[string, string]> {
  const { caller, apps } = identityOf(request);
  const [, uploadId, last] = /\/multipart\/([\w-]+)\/(\w+)$/.exec(request.params["*"]) ?? [];
  const file = uploadId === request.params.id && !apps ? await services.files.get(uploadId) : undefined;
  if (!last || file?.accountId !== caller.accountId) throw new ReshootError("not_found", "Upload not found");
  return [file.id, last];
}

/** Stores a part. JavaScript reads the reply's JSON, Python its ETag. */
async function putPart(
  reply: FastifyReply,
  id: string,
  part: string,
  bytes: FastifyRequest["raw"],
  services: Services,
): Promise<FastifyReply> {
  const partNumber = /^\d{1,5}$/.test(part) ? Number(part) : 0;
  if (partNumber < 1 || partNumber > MAX_PARTS) {
    throw new ReshootError("bad_request", `Part numbers go from 1 to ${MAX_PARTS}`);
  }
  const etag = await services.files.putPart(id, partNumber, bytes, {
    maxBytes: services.config.limits.uploadBytes,
  });
  return reply.header("etag", `"${etag}"`).send({ partNumber, etag });
}

/** The parts of a complete call, in whatever order they arrived. */
function readParts(body: unknown): { partNumber: number; etag: string }[] {
  const parts = (body as { parts?: unknown } | null)?.parts;
  if (!Array.isArray(parts)) throw fieldError("list_type", ["body", "parts"], "Input should be a valid list");
  return parts.map((part: { partNumber?: unknown; etag?: unknown } | null, index) => {
    const { partNumber, etag } = part ?? {};
    if (!Number.isInteger(partNumber)) {
      throw fieldError("int_type", ["body", "parts", index, "partNumber"], "Input should be a valid integer");
    }
    if (typeof etag !== "string") {
      throw fieldError("string_type", ["body", "parts", index, "etag"], "Input should be a valid string");
    }
    return { partNumber: partNumber as number, etag: etag.replace(/^(W\/)?"|"$/g, "") };
  });
}

function contentType(request: FastifyRequest): string | undefined {
  const declared = header(request, "content-type");
  return declared && normalizeContentType(declared);
}
