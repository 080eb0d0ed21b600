import assert from "node:assert/strict";
import { closeSync, openSync, readSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { sharedMedia, withoutSharedMedia } from "../../test/shared-media.ts";
import type { FileRecord } from "../requests/store.ts";
import { contentHeaders, nameFor, normalizeContentType, servedContentType, storedContentType } from "./content.ts";
import { fileExtension, sanitizeFileName } from "./file-name.ts";
import { sniffContentType } from "./sniff.ts";

const RECORD: FileRecord = {
  id: "AAAAAAAAAAAAAAAAAAAAAA",
  accountId: "local",
  requestId: null,
  fileName: "clip.mp4",
  contentType: "video/mp4",
  size: 4,
  sha256: "ab",
  state: "ready",
  access: { default: "allow", rules: [] },
  createdAt: 0,
  expiresAt: null,
};

const HEADS: readonly (readonly [string, string | undefined])[] = [
  ["\0\0\0\x20ftypisom", "video/mp4"],
  ["\0\0\0\x14ftypqt  ", "video/quicktime"],
  ["\0\0\0\x1cftypM4A ", "audio/mp4"],
  ["\0\0\0\x1cftypavif", "image/avif"],
  ["\0\0\0\x1cftypheic", "image/heic"],
  ["\0\0\0\x1cftyp3gp5", "video/3gpp"],
  ["\0\0\0\x1cftyp3g2a", "video/3gpp2"],
  ["\0\0\x10\0moov", "video/quicktime"],
  ["\x1aE\xdf\xa3\x01\0\0\0\0\0\0\x1fB\x86\x81\x01B\x82\x84webm", "video/webm"],
  ["\x1aE\xdf\xa3\xa3B\x82\x88matroska", "video/x-matroska"],
  ["\x1aE\xdf\xa3\xa3B\x82\x88unknown", undefined],
  ["GIF89a", "image/gif"],
  ["\x89PNG\r\n\x1a\n", "image/png"],
  ["\xff\xd8\xff\xe0", "image/jpeg"],
  ["RIFF\0\0\0\0WEBPVP8 ", "image/webp"],
  ["RIFF\0\0\0\0WAVEfmt ", "audio/wav"],
  ["RIFF\0\0\0\0AVI LIST", "video/x-msvideo"],
  ["RIFF\0\0\0\0ACON", undefined],
  ["ID3\x04", "audio/mpeg"],
  ["\xff\xfb\x90\x64", "audio/mpeg"],
  ["\xff\xf1\x50\x80", "audio/aac"],
  ["\xff\xff\xff\xff", undefined],
  ["\xff\xfe<\0", undefined],
  ["OggS\0\x02vorbis", "audio/ogg"],
  ["OggS\0\x02\x80theora", "video/ogg"],
  ["fLaC", "audio/flac"],
  ["FORM\0\0\0\0AIFF", "audio/aiff"],
  ["FLV\x01\x05", "video/x-flv"],
  ["\0\0\x01\xba", "video/mpeg"],
  [`${"G".padEnd(188)}${"G".padEnd(188)}G`, "video/mp2t"],
  ["BM\x36\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0", "image/bmp"],
  ["<html>", undefined],
  ["%PDF-1.7", undefined],
  ["", undefined],
];

test("containers are told by their first bytes", () => {
  for (const [head, type] of HEADS) assert.equal(sniffContentType(Buffer.from(head, "latin1")), type, head);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), (head) => void sniffContentType(head)));
});

test("a real clip is told", { skip: withoutSharedMedia }, () => {
  const head = Buffer.alloc(512);
  const fd = openSync(sharedMedia("removal/or_gt_static.mp4"), "r");
  readSync(fd, head);
  closeSync(fd);
  assert.equal(sniffContentType(head), "video/mp4");
});

test("declared types are taken when they are types, else the bytes decide", () => {
  const png = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  assert.equal(normalizeContentType(" Text/Plain; charset=UTF-8 "), "text/plain; charset=UTF-8");
  for (const bad of [
    undefined,
    "",
    "png",
    "a/b/c",
    "image/png\r\nx: y",
    "image/png; x",
    `a/${"b".repeat(300)}`,
    "text/plain; a=\u00e9",
  ]) {
    assert.equal(normalizeContentType(bad), "application/octet-stream", bad);
  }
  assert.equal(storedContentType(["application/octet-stream", undefined], png), "image/png");
  assert.equal(storedContentType([undefined, "text/plain"], png), "text/plain");
  assert.equal(storedContentType([], Buffer.from("?")), "application/octet-stream");
  assert.equal(nameFor("video/webm; codecs=vp9", "input"), "input.webm");
  assert.equal(nameFor("application/octet-stream"), "file");
});

test("scripts and styles are served as plain bytes", () => {
  for (const type of [
    "text/javascript",
    "application/ecmascript",
    "text/css",
    "application/wasm",
    "TEXT/JavaScript;a=b",
  ]) {
    assert.equal(servedContentType({ contentType: type }), "application/octet-stream", type);
  }
  for (const type of ["text/plain", "application/json", "video/mp4", "image/svg+xml"]) {
    assert.equal(servedContentType({ contentType: type }), type);
  }
});

test("everything is served sandboxed; only pictures, video and sound inline", () => {
  const dispositions = [
    "image/png",
    "video/mp4",
    "audio/wav",
    "image/svg+xml",
    "image/svg+xml; charset=utf-8",
    "text/html",
    "application/pdf",
  ].map((contentType) => {
    const headers = contentHeaders({ ...RECORD, contentType });
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.equal(headers["content-security-policy"], "sandbox");
    assert.equal(headers["cross-origin-resource-policy"], "cross-origin");
    return headers["content-disposition"]?.split(";")[0];
  });
  assert.deepEqual(dispositions, [
    "inline",
    "inline",
    "inline",
    "attachment",
    "attachment",
    "attachment",
    "attachment",
  ]);
});

test("caches keep open files until they expire, and others never", () => {
  assert.equal(contentHeaders(RECORD)["cache-control"], "public, max-age=31536000, immutable");
  const headers = contentHeaders({ ...RECORD, expiresAt: 90_000 }, 30_000);
  assert.equal(headers["cache-control"], "public, max-age=60, immutable");
  const hidden = contentHeaders({ ...RECORD, access: { default: "hide", rules: [] } });
  assert.equal(hidden["cache-control"], "private, no-store");
});

test("file names travel in both notations", () => {
  const disposition = (fileName: string) => contentHeaders({ ...RECORD, fileName })["content-disposition"];
  assert.equal(disposition("clip.mp4"), 'inline; filename="clip.mp4"');
  assert.equal(
    disposition("Räuber (1)'.mp4"),
    "inline; filename=\"R_uber (1)'.mp4\"; filename*=UTF-8''R%C3%A4uber%20%281%29%27.mp4",
  );
  assert.equal(disposition('a"\r\nset-cookie: x'), 'inline; filename="a_set-cookie_ x"');
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (name) => assert.match(disposition(name) ?? "", /^[\x20-\x7e]+$/)),
  );
});

test("file names lose paths, tricks and excess", () => {
  const cases: Record<string, string> = {
    "../../etc/passwd": "passwd",
    "..\\..\\boot.ini": "boot.ini",
    "C:\\fakepath\\a.png": "a.png",
    "..": "",
    ".": "",
    "": "",
    "/": "",
    ".htaccess": "htaccess",
    "a\0b.mp4": "ab.mp4",
    "photo\u202egpj.exe": "photogpj.exe",
    "con.mp4": "_con.mp4",
    "a<b>:c|d?.mp4": "a_b__c_d_.mp4",
    " spaced   out .mp4 ": "spaced out .mp4",
    "%2e%2e%2f": "%2e%2e%2f",
    "\ud800x": "x",
  };
  for (const [name, clean] of Object.entries(cases)) assert.equal(sanitizeFileName(name), clean, name);
  const long = sanitizeFileName(`${"😀".repeat(400)}.mp4`);
  assert.ok(long.length <= 120 && long.endsWith("😀.mp4"));
  assert.equal(sanitizeFileName("a".repeat(500)).length, 120);
  assert.equal(fileExtension("A.MP4"), ".mp4");
  assert.equal(fileExtension("a.b/c"), "");
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (name) => {
      const clean = sanitizeFileName(name);
      assert.ok(clean.length <= 120 && !/[/\\\p{Cc}]/u.test(clean) && !/^\.|\.$/.test(clean), clean);
    }),
  );
});
