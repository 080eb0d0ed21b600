import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import fc from "fast-check";
import { ReshootError } from "../errors.ts";
import { formFile } from "./form-data.ts";

/** A body in pieces of `size` bytes. */
function request(body: Uint8Array, contentType: string, size = 7): IncomingMessage {
  const pieces = Array.from({ length: Math.ceil(body.length / size) }, (_, i) =>
    Buffer.from(body.subarray(i * size, (i + 1) * size)),
  );
  const stream = Readable.from(pieces, { objectMode: false });
  return Object.assign(stream, { headers: { "content-type": contentType } }) as unknown as IncomingMessage;
}

/** A form as fetch writes it. */
async function encoded(form: FormData): Promise<[Uint8Array, string]> {
  const response = new Response(form);
  return [new Uint8Array(await response.arrayBuffer()), response.headers.get("content-type") ?? ""];
}

const isCode = (code: string) => (error: unknown) => error instanceof ReshootError && error.code === code;

test("any bytes come out as they went in, however they are cut", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 300 }),
      fc.integer({ min: 1, max: 64 }),
      fc.constantFrom("a.mp4", 'quo"te.mp4', "ünï 中.mp4", ""),
      async (bytes, size, name) => {
        const form = new FormData();
        form.append("other", "\r\n--not the boundary\r\n");
        form.append("file", new Blob([new Uint8Array(bytes)], { type: "video/mp4" }), name);
        form.append("after", "x");
        const file = await formFile(request(...(await encoded(form)), size), "file");
        assert.deepEqual([file.fileName, file.contentType], [name, "video/mp4"]);
        assert.deepEqual(new Uint8Array(await buffer(file.bytes)), new Uint8Array(bytes));
      },
    ),
    { numRuns: 200 },
  );
});

test("a form without the file, and bodies that are no forms", async () => {
  const form = new FormData();
  form.append("files", new Blob(["x"]), "x");
  const [body, type] = await encoded(form);
  await assert.rejects(formFile(request(body, type), "file"), isCode("missing"));
  await assert.rejects(formFile(request(body, "application/json"), "file"), isCode("bad_request"));
  await assert.rejects(formFile(request(body, "multipart/form-data"), "file"), isCode("bad_request"));
  await assert.rejects(formFile(request(body, "multipart/form-data; boundary=zzz"), "file"), isCode("bad_request"));
  await assert.rejects(formFile(request(new Uint8Array(), type), "file"), isCode("bad_request"));
});

test("a file that is cut short fails, and what comes before it has limits", async () => {
  const form = new FormData();
  form.append("file", new Blob(["0123456789".repeat(20)]), "x");
  const [body, type] = await encoded(form);
  const cut = await formFile(request(body.subarray(0, -60), type), "file");
  await assert.rejects(buffer(cut.bytes), isCode("bad_request"));
  const boundary = type.split("boundary=")[1];
  const endless = Buffer.from(`--${boundary}\r\nx: ${"y".repeat(20_000)}`);
  await assert.rejects(formFile(request(endless, type, 1000), "file"), isCode("bad_request"));
  const padding = Buffer.alloc(1024 * 1024 + 10, "z");
  await assert.rejects(formFile(request(padding, type, 65_536), "file"), isCode("bad_request"));
});
