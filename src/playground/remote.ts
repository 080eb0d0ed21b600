/** Brings a file from elsewhere to this server, so that the page may show it: the page itself loads nothing from elsewhere. */
import type { FastifyInstance } from "fastify";
import { addressPolicy } from "../config.ts";
import { isRecord } from "../endpoints/json-schema.ts";
import { fieldError, type Loc } from "../errors.ts";
import { createFetcher } from "../files/fetch-guard.ts";
import { filePath } from "../files/urls.ts";
import { clientGone } from "../http/client-gone.ts";
import { callerOrigin } from "../http/origin.ts";
import type { Services } from "../services.ts";
import type { RemoteReply } from "./api.ts";
import { callerOf } from "./area.ts";

const DAY = 24 * 3600 * 1000;
const TIMEOUT_MS = 10 * 60 * 1000;
const LOC: Loc = ["body", "url"];
/** What servers call media; many do not know better than `application/octet-stream`. */
const MEDIA_TYPE = /^(video|audio|image)\/|^application\/(octet-stream|mp4|ogg|x-matroska|mxf)$/;

/** `POST /playground/api/remote`: by the same guarded way as inputs of requests. */
export function registerRemote(scope: FastifyInstance, { config, files }: Services): void {
  const fetcher = createFetcher(addressPolicy(config));
  scope.post("/remote", async (request, reply): Promise<RemoteReply> => {
    const url = isRecord(request.body) ? request.body.url : undefined;
    if (typeof url !== "string" || url === "") throw fieldError("missing", LOC, "Field required");
    const { accountId } = callerOf(request);
    const maxBytes = config.limits.uploadBytes;
    const remote = await fetcher.fetch(url, { maxBytes, timeoutMs: TIMEOUT_MS, loc: LOC, signal: clientGone(reply) });
    if (!MEDIA_TYPE.test(remote.contentType)) {
      remote.body.destroy();
      const message = `There is no video, picture or sound at this address, but ${remote.contentType.slice(0, 80)}`;
      throw fieldError("file_download_error", LOC, message);
    }
    const file = await files.put(
      {
        accountId,
        requestId: null,
        fileName: remote.fileName || "download",
        contentType: remote.contentType,
        access: { default: "allow", rules: [] },
        expiresAt: Date.now() + Math.max(1, config.limits.uploadDays) * DAY,
      },
      remote.body,
      { maxBytes },
    );
    return { url: `${callerOrigin(request, config)}${filePath(file)}` };
  });
}
