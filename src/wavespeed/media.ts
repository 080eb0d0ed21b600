/** Uploads: by ticket, and the binary routes of older clients (PROTOCOL B5). */
import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { fieldError, ReshootError } from "../errors.ts";
import { nameFor, normalizeContentType } from "../files/content.ts";
import { OPEN_ACCESS } from "../files/expiry.ts";
import type { NewFile } from "../files/store.ts";
import { formFile } from "../http/form-data.ts";
import { callerOrigin } from "../http/origin.ts";
import type { FileRecord } from "../requests/store.ts";
import type { Services } from "../services.ts";
import { sendData } from "./area.ts";
import { callerOf } from "./auth.ts";
import { type Fields, fieldsOf, optionalText, requiredText } from "./fields.ts";
import { fileUrl } from "./prediction.ts";

const DAY_MS = 24 * 3600 * 1000;

/** Adds `POST /media/uploads`: where the bytes of a file of this size are to be put. */
export function registerTickets(scope: FastifyInstance, services: Services): void {
  scope.post("/media/uploads", async (request, reply) => {
    const fields = fieldsOf(request.body);
    const size = readSize(fields, services.config.limits.uploadBytes);
    const declared = optionalText(fields, "content_type");
    const contentType = normalizeContentType(declared);
    const file = await services.files.reserve(
      newFile(request, requiredText(fields, "filename"), contentType, services),
    );
    const origin = callerOrigin(request, services.config);
    const query = services.signer.sign(ticketFor(size), file.id, Date.now() + DAY_MS);
    return sendData(reply, {
      ...uploaded(file, origin),
      size,
      upload: {
        method: "PUT",
        url: `${origin}/api/v3/media/uploads/${file.id}?size=${size}&${query}`,
        headers: declared ? { "Content-Type": contentType } : {},
      },
    });
  });
}

/** Adds the route that a ticket opens, whoever calls: `PUT /media/uploads/{id}` with exactly the bytes it was given for. */
export function registerTicketUploads(scope: FastifyInstance, services: Services): void {
  type Route = { Params: { id: string }; Querystring: { size?: string; expires?: string; signature?: string } };
  scope.put<Route>("/media/uploads/:id", async (request, reply) => {
    const { params, query } = request;
    const size = Number(query.size);
    if (!services.signer.verify(ticketFor(size), params.id, query)) {
      throw new ReshootError("forbidden", "This upload URL is not valid, or has expired");
    }
    const length = request.headers["content-length"];
    if (length !== undefined && Number(length) !== size) {
      throw new ReshootError("bad_request", `The ticket is for ${size} bytes, not for ${length}`);
    }
    const type = request.headers["content-type"];
    const bytes = Readable.from(whole(request.raw, size), { objectMode: false });
    await services.files.fill(params.id, bytes, { maxBytes: size }, type && normalizeContentType(type));
    return reply.send({});
  });
}

/** The bytes of a body, which fails when there are fewer than promised. More are the store's to refuse. */
async function* whole(body: IncomingMessage, size: number): AsyncGenerator<Buffer> {
  let seen = 0;
  // The connection must stay open for the answer, also when the store stops reading.
  for await (const chunk of body.iterator({ destroyOnReturn: false })) {
    seen += chunk.length;
    yield chunk;
  }
  if (seen < size) throw new ReshootError("bad_request", `The ticket is for ${size} bytes, not for ${seen}`);
}

/** Adds a route that takes the bytes as the field `file` of a form. */
export function registerFormUpload(scope: FastifyInstance, path: string, services: Services): void {
  scope.post(path, async (request, reply) => {
    const { fileName, contentType, bytes } = await formFile(request.raw, "file");
    const file = newFile(request, fileName, normalizeContentType(contentType), services);
    const stored = await services.files.put(file, bytes, { maxBytes: services.config.limits.uploadBytes });
    return sendUploaded(reply, stored, callerOrigin(request, services.config));
  });
}

function sendUploaded(reply: FastifyReply, file: FileRecord, origin: string): FastifyReply {
  const data = uploaded(file, origin);
  // The oldest documentation reads `url`.
  return sendData(reply, { ...data, url: data.download_url, size: file.size });
}

function uploaded(file: FileRecord, origin: string) {
  const [kind] = file.contentType.split("/");
  const type = kind === "image" || kind === "video" || kind === "audio" ? kind : "file";
  return { type, download_url: fileUrl(file, origin), filename: file.fileName };
}

function newFile(request: FastifyRequest, name: string, contentType: string, services: Services): NewFile {
  return {
    accountId: callerOf(request).accountId,
    requestId: null,
    fileName: name || nameFor(contentType),
    contentType,
    access: OPEN_ACCESS,
    expiresAt: Date.now() + services.config.limits.uploadDays * DAY_MS,
  };
}

/** What a ticket's signature covers besides the file. */
function ticketFor(size: number): string {
  return `upload of ${size} bytes`;
}

function readSize(fields: Fields, most: number): number {
  const { size } = fields;
  const loc = ["body", "size"];
  if (size === undefined || size === null) throw fieldError("missing", loc, "Field required");
  if (typeof size !== "number" || !Number.isSafeInteger(size)) {
    throw fieldError("int_type", loc, "Input should be a valid integer");
  }
  if (size < 0) throw fieldError("greater_than_equal", loc, "Input should be greater than or equal to 0");
  if (size > most) throw new ReshootError("payload_too_large", `Files may have at most ${most} bytes, not ${size}`);
  return size;
}
