import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import type { FileStore } from "../files/store.ts";
import type { FileRecord } from "../requests/store.ts";
import { renderOutput } from "./render.ts";

const origins = {
  origin: "http://h",
  run: "http://h/run",
  queue: "http://h/queue",
  rest: "http://h/rest",
  cdn: "http://h/cdn",
};
const record = { id: "abc", state: "ready", size: 3, contentType: "video/mp4" } as FileRecord;
const files = {
  get: async (id: string) => (id === "abc" ? record : undefined),
  read: () => Readable.from([Buffer.from("xyz")]),
} as unknown as FileStore;
const output = {
  video: { $file: "abc", content_type: "video/mp4", file_name: "a b.mp4", file_size: 3, width: 16 },
  frames: [{ $url: "abc", file_name: "f.png" }],
  seed: 7,
  nothing: null,
};

test("markers become File objects and URLs", async () => {
  assert.deepEqual(await renderOutput(output, { files, origins, inline: false, maxInlineBytes: 10 }), {
    video: {
      url: "http://h/cdn/files/abc/a%20b.mp4",
      content_type: "video/mp4",
      file_name: "a b.mp4",
      file_size: 3,
      width: 16,
    },
    frames: ["http://h/cdn/files/abc/f.png"],
    seed: 7,
    nothing: null,
  });
});

test("sync mode gives data URIs, except for files that are gone or too large", async () => {
  const inline = await renderOutput(output, { files, origins, inline: true, maxInlineBytes: 10 });
  assert.equal((inline.video as { url: string }).url, "data:video/mp4;base64,eHl6");
  const small = await renderOutput(output, { files, origins, inline: true, maxInlineBytes: 2 });
  assert.match((small.video as { url: string }).url, /^http:/);
  const gone = await renderOutput(
    { a: { $url: "zzz", file_name: "f" } },
    { files, origins, inline: true, maxInlineBytes: 9 },
  );
  assert.equal(gone.a, "http://h/cdn/files/zzz/f");
});
