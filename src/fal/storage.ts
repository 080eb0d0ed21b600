/**
 * How uploads begin, on the REST host. JavaScript asks for a signed URL and puts the bytes there, whole or in parts; Python
 * gets a token and posts to the file host, or falls back to the signed URL. The bytes arrive in uploads.ts.
 */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { fieldError } from "../errors.ts";
import { nameFor, normalizeContentType } from "../files/content.ts";
import { parseLifecycle } from "../files/expiry.ts";
import type { NewFile } from "../files/store.ts";
import type { Caller, Services } from "../services.ts";
import { keyHolder } from "./auth.ts";
import { signToken } from "./jwt.ts";
import { header } from "./options.ts";
import { fileUrl, originsOf } from "./origin.ts";

const DAY_SECONDS = 24 * 3600;

/** How long an upload may take once it was initiated. */
const UPLOAD_SECONDS = DAY_SECONDS;
const TOKEN_SECONDS = 3600;

/** Routes of the REST host. `storage_type` makes no difference: there is one store. */
export function registerStorage(rest: FastifyInstance, services: Services): void {
  for (const path of ["/storage/upload/initiate", "/storage/upload/initiate-multipart"]) {
    rest.post(path, async (request, reply) => {
      const { contentType, fileName } = readInitiation(request.body);
      const file = await services.files.reserve(newFile(request, keyHolder(request), fileName, contentType, services));
      const origins = originsOf(request, services.config);
      const query = services.signer.sign("upload", file.id, Date.now() + UPLOAD_SECONDS * 1000);
      return reply.send({
        upload_url: `${origins.cdn}/uploads/${file.id}?${query}`,
        file_url: fileUrl(file, origins),
      });
    });
  }

  rest.post("/storage/auth/token", async (request, reply) => {
    const caller = keyHolder(request);
    const claims = { accountId: caller.accountId, keyId: caller.key?.id ?? null, use: "uploads", apps: [] } as const;
    const expires = new Date(Date.now() + TOKEN_SECONDS * 1000);
    return reply.send({
      token: await signToken(services.secret, claims, TOKEN_SECONDS),
      token_type: "Bearer",
      base_url: originsOf(request, services.config).cdn,
      // Python before 3.11 parses neither a Z nor fractions of three digits.
      expires_at: expires.toISOString().replace(/\.\d+Z$/, "+00:00"),
    });
  });
}

/** A new file of this caller with the lifecycle that the request's headers ask for. */
export function newFile(
  request: FastifyRequest,
  caller: Caller,
  fileName: string | undefined,
  contentType: string,
  services: Services,
): NewFile {
  const name = ["x-fal-object-lifecycle", "x-fal-object-lifecycle-preference"].find((key) => header(request, key));
  const lifecycle = parseLifecycle(
    { name: name ?? "", value: name && header(request, name) },
    { now: Date.now(), keepMs: services.config.limits.uploadDays * DAY_SECONDS * 1000 },
  );
  return {
    accountId: caller.accountId,
    requestId: null,
    fileName: fileName || nameFor(contentType),
    contentType,
    ...lifecycle,
  };
}

function readInitiation(body: unknown): { fileName: string | undefined; contentType: string } {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw fieldError("dict_type", ["body"], "Input should be a valid dictionary");
  }
  const { content_type, file_name } = body as Record<string, unknown>;
  if (content_type !== undefined && typeof content_type !== "string") {
    throw fieldError("string_type", ["body", "content_type"], "Input should be a valid string", {
      input: content_type,
    });
  }
  if (file_name !== undefined && typeof file_name !== "string") {
    throw fieldError("string_type", ["body", "file_name"], "Input should be a valid string", { input: file_name });
  }
  return { fileName: file_name, contentType: normalizeContentType(content_type) };
}
