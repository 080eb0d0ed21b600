/** The app's pages and assets. Every page is the same document: the app reads its address. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type AppFile, readAppFiles } from "./app-files.ts";

/** Addresses of pages, `/` besides. */
const PAGES = ["/models/*", "/studio", "/history", "/history/*", "/usage", "/keys"];

/**
 * Nothing but this origin's own files: no inline script or style, no eval, no frame around it. Pictures and videos may also
 * be what the visitor just chose (`blob:`).
 */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self' blob: data:",
  "media-src 'self' blob:",
  "connect-src 'self' blob:",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const DOCUMENT_HEADERS = {
  "content-security-policy": CONTENT_SECURITY_POLICY,
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "x-frame-options": "DENY",
  "permissions-policy": "camera=(self), microphone=(), geolocation=()",
} as const;

const PLAIN = "Reshoot is running.\n\nEndpoints: /v1/models\nHealth: /health\nMetrics: /metrics\n";

/** Serves the app to browsers; `/` says in plain words what this is to everybody else, and where no app is built. */
export async function registerPages(app: FastifyInstance, folder?: string): Promise<void> {
  const files = await readAppFiles(folder);
  const page = files.get("index.html");

  app.get("/", (request, reply) => {
    reply.header("vary", "accept, accept-encoding");
    if (page && wantsHtml(request)) return sendPage(request, reply, page);
    return reply.type("text/plain").send(PLAIN);
  });
  if (!page) return;
  for (const path of PAGES) app.get(path, (request, reply) => sendPage(request, reply, page));
  app.get<{ Params: { "*": string } }>("/assets/*", (request, reply) => {
    const file = files.get(`assets/${request.params["*"]}`);
    if (!file) return reply.callNotFound();
    return sendFile(request, reply, file);
  });
}

function sendPage(request: FastifyRequest, reply: FastifyReply, page: AppFile): FastifyReply {
  return sendFile(request, reply.headers(DOCUMENT_HEADERS), page);
}

function sendFile(request: FastifyRequest, reply: FastifyReply, file: AppFile): FastifyReply {
  reply.headers({
    "content-type": file.contentType,
    "cache-control": file.hashed ? "public, max-age=31536000, immutable" : "no-cache",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    etag: file.etag,
    vary: file.hashed ? "accept-encoding" : "accept, accept-encoding",
  });
  if (request.headers["if-none-match"]?.includes(file.etag)) return reply.code(304).send();
  const accepted = String(request.headers["accept-encoding"] ?? "");
  for (const encoding of ["br", "gzip"] as const) {
    const bytes = file.bytes[encoding];
    if (bytes && new RegExp(`\\b${encoding}\\b(?!\\s*;\\s*q=0(\\.0*)?\\s*(,|$))`).test(accepted)) {
      return reply.header("content-encoding", encoding).send(bytes);
    }
  }
  return reply.send(file.bytes.identity);
}

function wantsHtml(request: FastifyRequest): boolean {
  return /\btext\/html\b/.test(request.headers.accept ?? "");
}
