/** Requests of the past, written into the database of a server that is running, without the work. */
import { Readable } from "node:stream";
import { dataFolders } from "../../src/config.ts";
import { createDiskFileStore } from "../../src/files/disk.ts";
import { newRequestId } from "../../src/requests/ids.ts";
import { openSqliteStore } from "../../src/requests/sqlite.ts";
import type { FileRecord, JsonObject } from "../../src/requests/store.ts";

/** What is to have happened. */
export type Past = {
  readonly endpoint?: string;
  /** Milliseconds ago, on a clock that stands still: 0 when absent. */
  readonly ago?: number;
  readonly end: "succeeded" | "failed" | "cancelled" | "queued";
  readonly prompt?: string;
  /** Name of a picture that it made. */
  readonly file?: string;
  readonly price?: number;
};

/** One pixel. */
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

/** Writes them in their order. @returns the request's id and file of each. */
export async function writePast(
  data: string,
  account: string,
  past: readonly Past[],
): Promise<{ readonly id: string; readonly file: FileRecord | undefined }[]> {
  const start = Date.now();
  let now = start;
  const { database, files: folder } = dataFolders(data);
  const store = await openSqliteStore(database, { now: () => now });
  const files = await createDiskFileStore({ folder, table: store.files });
  const written = [];
  try {
    await store.accounts.ensureAccount(account, account);
    for (const {
      endpoint = "fal-ai/void-video-inpainting",
      ago = 0,
      end,
      prompt = "",
      file: name,
      price = 0,
    } of past) {
      now = start - ago;
      const id = newRequestId(now);
      // A lane of its own, that no runner serves.
      const request = {
        lane: id,
        seed: 1,
        priority: "normal",
        maxAttempts: 1,
        startBy: null,
        keepForMs: 1e9,
      } as const;
      const source = { accountId: account, keyId: null, dialect: "fal", webhook: null, idempotencyKey: null } as const;
      await store.submit({
        id,
        endpoint,
        requestedAs: endpoint,
        input: { prompt },
        options: {},
        ...request,
        ...source,
      });
      let file: FileRecord | undefined;
      if (end === "cancelled") await store.cancel(id);
      if (end === "succeeded" || end === "failed") {
        const claim = await store.claim("past", [id], 60_000);
        if (!claim) throw new Error("the request is not due");
        await store.appendLogs(claim, [{ at: now, level: "INFO", message: "done long ago" }]);
        const metrics = { inferenceSeconds: 2 };
        if (name !== undefined) {
          const about = {
            accountId: account,
            requestId: id,
            fileName: name,
            contentType: "image/png",
            expiresAt: null,
          };
          const access = { default: "allow", rules: [] } as const;
          file = await files.put({ ...about, access }, Readable.from([PNG]), { maxBytes: 1000 });
        }
        const facts = file && {
          $file: file.id,
          file_name: file.fileName,
          content_type: "image/png",
          file_size: file.size,
        };
        const output: JsonObject = facts ? { image: facts } : { answer: 42 };
        const error = { code: "video_load_error", message: `no video in ${prompt}`, issues: [] } as const;
        if (end === "succeeded") await store.succeed(claim, { output, files: [], metrics, billableUnits: 1, price });
        else await store.fail(claim, error, metrics);
      }
      written.push({ id, file });
    }
  } finally {
    await store.close();
  }
  return written;
}
