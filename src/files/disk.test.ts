import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import * as fs from "node:fs/promises";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { memoryFileTable } from "../../test/memory-file-table.ts";
import { ReshootError } from "../errors.ts";
import { createDiskFileStore } from "./disk.ts";
import type { FileSystem } from "./durable.ts";
import type { NewFile } from "./store.ts";

const FILE: NewFile = {
  accountId: "local",
  requestId: null,
  fileName: "clip.mp4",
  contentType: "video/mp4",
  access: { default: "allow", rules: [] },
  expiresAt: null,
};
const LIMIT = { maxBytes: 1000 };
const HOUR = 3_600_000;

const of = (...chunks: readonly (string | Uint8Array)[]) => Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
const sha256 = (bytes: string | Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const failure = (code: string, message?: RegExp) => (thrown: unknown) => {
  assert.ok(thrown instanceof ReshootError, String(thrown));
  assert.equal(thrown.code, code);
  if (message) assert.match(thrown.message, message);
  return true;
};

async function newFolder(t: TestContext): Promise<string> {
  const folder = await fs.mkdtemp(join(tmpdir(), "reshoot-files-"));
  t.after(() => fs.rm(folder, { recursive: true, force: true }));
  return folder;
}

async function open(t: TestContext, options: { now?: () => number; system?: FileSystem } = {}) {
  const root = await newFolder(t);
  const folder = join(root, "files");
  const table = memoryFileTable();
  const store = await createDiskFileStore({ folder, table, ...options });
  /** Paths of all files in the store's folder, relative to it. */
  const listing = async () => {
    const entries = await fs.readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
      .sort();
  };
  const work = join(root, "job");
  await fs.mkdir(work);
  return { folder, table, store, listing, work };
}

/** Node's file system with some calls failing or watched. */
const system = (changes: Partial<FileSystem>): FileSystem => ({
  open: fs.open,
  rename: fs.rename,
  link: fs.link,
  ...changes,
});

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

test("put stores bytes, facts and row", async (t) => {
  const { folder, table, store, listing } = await open(t, { now: () => 42 });
  const record = await store.put({ ...FILE, fileName: "../a/b.mp4" }, of("hello ", "world"), LIMIT);
  assert.deepEqual(record, {
    ...FILE,
    id: record.id,
    fileName: "b.mp4",
    size: 11,
    sha256: sha256("hello world"),
    state: "ready",
    createdAt: 42,
  });
  assert.match(record.id, /^[\w-]{22}$/);
  assert.deepEqual(table.rows.get(record.id), record);
  assert.deepEqual(await store.get(record.id), record);
  const path = join(record.id.slice(0, 2), record.id);
  assert.deepEqual(await listing(), [path]);
  assert.equal((await fs.stat(join(folder, path))).mode & 0o777, 0o400);
  assert.equal(await text(store.read(record)), "hello world");
});

test("types are sniffed and names made up only where none is given", async (t) => {
  const { store } = await open(t);
  const head = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  const unnamed = { ...FILE, fileName: "..", contentType: "application/octet-stream" };
  const record = await store.put(unnamed, of(head.subarray(0, 3), head.subarray(3)), LIMIT);
  assert.deepEqual([record.contentType, record.fileName], ["image/png", "file.png"]);
  assert.equal((await store.put({ ...FILE, contentType: "text/plain" }, of(head), LIMIT)).contentType, "text/plain");
});

test("everything is flushed before the row is written", async (t) => {
  const events: string[] = [];
  const watched = system({
    async open(path, flags, mode) {
      const handle = await fs.open(path, flags, mode);
      const sync = handle.sync.bind(handle);
      handle.sync = async () => {
        events.push(flags === "r" ? "sync folder" : "sync file");
        await sync();
      };
      return handle;
    },
    async rename(from, to) {
      events.push("rename");
      await fs.rename(from, to);
    },
  });
  const { table, store, work } = await open(t, { system: watched });
  const insert = table.insert;
  table.insert = async (file) => {
    events.push("row");
    await insert(file);
  };
  await store.put(FILE, of("x"), LIMIT);
  // The first folder is that of the ids, where a new folder appeared.
  assert.deepEqual(events.splice(0), ["sync file", "sync folder", "rename", "sync folder", "row"]);
  await fs.writeFile(join(work, "out.mp4"), "x");
  await store.commit(FILE, join(work, "out.mp4"));
  assert.deepEqual(events, ["sync file", "sync folder", "rename", "sync folder"]);
});

test("ranges are read with inclusive ends", async (t) => {
  const { store } = await open(t);
  const record = await store.put(FILE, of("0123456789"), LIMIT);
  assert.equal(await text(store.read(record, { start: 2, end: 4 })), "234");
  assert.equal(await text(store.read(record, { start: 9, end: 9 })), "9");
  for (const [start, end] of [
    [5, 4],
    [0, 10],
    [-1, 2],
    [10, 10],
  ] as const) {
    assert.throws(() => store.read(record, { start, end }), failure("range_not_satisfiable"));
  }
  const empty = await store.put(FILE, of(), LIMIT);
  assert.equal(await text(store.read(empty)), "");
});

test("missing and damaged bytes are clear errors", async (t) => {
  const { folder, store } = await open(t);
  const record = await store.put(FILE, of("0123456789"), LIMIT);
  assert.throws(() => store.read({ ...record, size: 11 }), failure("internal_error"));
  await fs.rm(join(folder, record.id.slice(0, 2), record.id));
  assert.throws(() => store.read(record), failure("not_found"));
  await assert.rejects(store.stage(record, folder), failure("not_found"));
});

test("ids that are none never reach a path", async (t) => {
  const { folder, table, store } = await open(t);
  const bad = ["", "..", "../../../../etc/passwd", "a".repeat(22), `${"a".repeat(20)}/A`, `${"A".repeat(22)}\0`, "tmp"];
  for (const id of bad) {
    table.rows.set(id, { ...FILE, id, size: 1, sha256: "", state: "ready", createdAt: 0 });
    assert.equal(await store.get(id), undefined);
    const record = table.rows.get(id)!;
    assert.throws(() => store.read(record), failure("not_found"));
    await assert.rejects(store.stage(record, folder), failure("not_found"));
    await assert.rejects(store.delete(id), failure("not_found"));
    await assert.rejects(store.fill(id, of("x"), LIMIT), failure("not_found"));
    await assert.rejects(store.putPart(id, 1, of("x"), LIMIT), failure("not_found"));
    await assert.rejects(store.completeParts(id, [{ partNumber: 1, etag: "" }], LIMIT), failure("not_found"));
  }
});

test("too many bytes are refused and leave nothing", async (t) => {
  const { store, table, listing } = await open(t);
  const source = of("x".repeat(600), "x".repeat(401), "x");
  await assert.rejects(store.put(FILE, source, LIMIT), (thrown: unknown) => {
    assert.deepEqual((thrown as ReshootError).issues[0]?.ctx, { max_size: 1000 });
    return failure("file_too_large")(thrown);
  });
  assert.ok(source.destroyed);
  assert.equal((await store.put(FILE, of("x".repeat(1000)), LIMIT)).size, 1000);
  assert.equal(table.rows.size, 1);
  assert.equal((await listing()).length, 1);
});

test("a source that fails leaves nothing and keeps its own error", async (t) => {
  const { store, table, listing } = await open(t);
  const stop = new ReshootError("file_download_error", "broke off");
  const failing = Readable.from(
    (async function* () {
      yield Buffer.from("start");
      throw stop;
    })(),
  );
  await assert.rejects(store.put(FILE, failing, LIMIT), stop);
  const destroyed = new Readable({ read() {} });
  destroyed.push("start");
  setTimeout(() => destroyed.destroy(), 10);
  await assert.rejects(store.put(FILE, destroyed, LIMIT), failure("client_disconnected"));
  assert.deepEqual(await listing(), []);
  assert.equal(table.rows.size, 0);
});

test("a full disk and a failing database leave nothing", async (t) => {
  let full = true;
  const failing = system({
    async open(path, flags, mode) {
      const handle = await fs.open(path, flags, mode);
      if (full && flags === "wx") handle.appendFile = () => Promise.reject(systemError("ENOSPC"));
      return handle;
    },
  });
  const { store, table, listing } = await open(t, { system: failing });
  await assert.rejects(store.put(FILE, of("x"), LIMIT), failure("storage_full"));
  full = false;
  table.insert = () => Promise.reject(new Error("database is locked"));
  await assert.rejects(store.put(FILE, of("x"), LIMIT), /locked/);
  assert.deepEqual(await listing(), []);
});

test("an upload that the client breaks off leaves nothing; a refused one can still be answered", async (t) => {
  const { store, listing } = await open(t);
  const outcomes: string[] = [];
  let settled = () => {};
  const server = createServer((incoming, response) => {
    store.put(FILE, incoming, LIMIT).then(
      () => outcomes.push("stored"),
      (error: ReshootError) => {
        outcomes.push(error.code);
        response.writeHead(error.status, { connection: "close" }).end();
        settled();
      },
    );
  });
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;

  const aborted = new Promise<void>((resolve) => {
    settled = resolve;
  });
  const upload = request({ port, host: "127.0.0.1", method: "PUT", headers: { "content-length": 500 } });
  upload.on("error", () => {});
  upload.write("x".repeat(100));
  while ((await listing()).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  upload.destroy();
  await aborted;
  assert.deepEqual(outcomes, ["client_disconnected"]);
  assert.deepEqual(await listing(), []);

  const status = await new Promise((resolve, reject) => {
    const large = request({ port, host: "127.0.0.1", method: "PUT" }, (response) =>
      resolve(response.resume().statusCode),
    );
    large.on("error", reject).end("x".repeat(1500));
  });
  assert.equal(status, 422);
});

test("a pending file is filled once; repeating the same bytes succeeds, others are refused", async (t) => {
  const { store, listing } = await open(t);
  const pending = await store.reserve({ ...FILE, contentType: "application/octet-stream" });
  assert.deepEqual([pending.state, pending.size, pending.sha256], ["pending", 0, ""]);
  assert.throws(() => store.read(pending), failure("not_found"));
  await assert.rejects(store.fill(pending.id, of("x".repeat(1001)), LIMIT), failure("file_too_large"));
  assert.equal((await store.get(pending.id))?.state, "pending");

  const filled = await store.fill(pending.id, of("bytes"), LIMIT, "video/webm");
  assert.deepEqual(filled, { ...pending, state: "ready", size: 5, sha256: sha256("bytes"), contentType: "video/webm" });
  assert.deepEqual(await store.get(pending.id), filled);
  assert.deepEqual(await store.fill(pending.id, of("bytes"), LIMIT), filled);
  await assert.rejects(store.fill(pending.id, of("other"), LIMIT), failure("bad_request", /already/));
  assert.equal(await text(store.read(filled)), "bytes");
  assert.equal((await listing()).length, 1);
});

test("of two fills at once one wins whole", async (t) => {
  const { store } = await open(t);
  const { id } = await store.reserve(FILE);
  const results = await Promise.allSettled(["one", "two", "one"].map((bytes) => store.fill(id, of(bytes), LIMIT)));
  const ready = (await store.get(id))!;
  assert.equal(sha256(await buffer(store.read(ready))), ready.sha256);
  const won = results.filter((result) => result.status === "fulfilled");
  assert.ok(won.length >= 1 && won.every(({ value }) => value.sha256 === ready.sha256));
});

test("a crash between the bytes and the row of a pending file is mended by the next try", async (t) => {
  const { store, table } = await open(t);
  const { id } = await store.reserve(FILE);
  const { markReady } = table;
  table.markReady = () => Promise.reject(new Error("killed"));
  await assert.rejects(store.fill(id, of("first"), LIMIT), /killed/);
  table.markReady = markReady;
  const filled = await store.fill(id, of("second"), LIMIT);
  assert.equal(await text(store.read(filled)), "second");
});

test("expired files are gone", async (t) => {
  let now = 1000;
  const { store } = await open(t, { now: () => now });
  const record = await store.put({ ...FILE, expiresAt: 2000 }, of("x"), LIMIT);
  const pending = await store.reserve({ ...FILE, expiresAt: 2000 });
  assert.ok(await store.get(record.id));
  now = 2000;
  assert.equal(await store.get(record.id), undefined);
  await assert.rejects(store.fill(pending.id, of("x"), LIMIT), failure("not_found"));
});

test("parts are assembled in part order, replaced ones with their last bytes", async (t) => {
  const { store, listing } = await open(t);
  const { id } = await store.reserve(FILE);
  const put = (part: number, bytes: string) => store.putPart(id, part, of(bytes), LIMIT);
  await put(2, "old");
  const [three, one, two] = await Promise.all([put(3, "!"), put(1, "hello "), put(2, "world")]);
  assert.equal(two, sha256("world"));
  const parts = [
    { partNumber: 3, etag: `"${three}"` },
    { partNumber: 1, etag: one!.toUpperCase() },
    { partNumber: 2, etag: two! },
  ];
  const record = await store.completeParts(id, parts, LIMIT);
  assert.deepEqual([record.size, record.sha256, record.state], [12, sha256("hello world!"), "ready"]);
  assert.equal(await text(store.read(record)), "hello world!");
  assert.deepEqual(await listing(), [join(id.slice(0, 2), id)]);
  assert.deepEqual(await store.completeParts(id, parts, LIMIT), record);
  await assert.rejects(put(4, "late"), failure("bad_request", /already/));
});

test("lists of parts that do not fit are refused and lose nothing", async (t) => {
  const { store } = await open(t);
  const { id } = await store.reserve(FILE);
  const etag = await store.putPart(id, 1, of("x"), LIMIT);
  const part = { partNumber: 1, etag };
  const lists = [
    [],
    [part, part],
    [part, { partNumber: 2, etag }],
    [{ partNumber: 1, etag: sha256("y") }],
    [{ partNumber: 1, etag: "" }],
    ...[0, -1, 1.5, 10_001, Number.NaN].map((partNumber) => [{ partNumber, etag }]),
    Array.from({ length: 10_001 }, (_, index) => ({ partNumber: index + 1, etag })),
  ];
  for (const list of lists) await assert.rejects(store.completeParts(id, list, LIMIT), failure("bad_request"));
  for (const number of [0, 10_001, 1.5, Number.NaN]) {
    await assert.rejects(store.putPart(id, number, of("x"), LIMIT), failure("bad_request", /part number/));
  }
  assert.equal((await store.completeParts(id, [part], LIMIT)).size, 1);
});

test("all parts together stay within the limit, also after a restart", async (t) => {
  const { folder, table, store } = await open(t);
  const { id } = await store.reserve(FILE);
  const etag = await store.putPart(id, 1, of("x".repeat(600)), LIMIT);
  const full = { code: "file_too_large", message: "The file is larger than 1000 bytes" };
  await assert.rejects(store.putPart(id, 2, of("x".repeat(401)), LIMIT), full);
  await store.putPart(id, 2, of("x".repeat(400)), LIMIT);
  const restarted = await createDiskFileStore({ folder, table });
  await assert.rejects(restarted.putPart(id, 3, of("x"), LIMIT), full);
  await restarted.putPart(id, 2, of("x".repeat(10)), LIMIT);
  const together = await Promise.allSettled(
    [3, 4, 5].map((part) => restarted.putPart(id, part, of("x".repeat(200)), LIMIT)),
  );
  assert.equal(together.filter(({ status }) => status === "fulfilled").length, 1);
  const listed = [{ partNumber: 1, etag }];
  await assert.rejects(restarted.completeParts(id, listed, { maxBytes: 599 }), failure("file_too_large"));
  assert.equal((await restarted.completeParts(id, listed, LIMIT)).size, 600);
});

test("a job gets its own read-only name for the stored bytes", async (t) => {
  const { folder, store, work } = await open(t);
  const record = await store.put({ ...FILE, fileName: "-i ;rm.MP4" }, of("bytes"), LIMIT);
  const [one, two] = [await store.stage(record, work), await store.stage(record, work)];
  assert.notEqual(one, two);
  assert.ok(one.startsWith(join(work, record.id)) && one.endsWith(".mp4"));
  const stored = await fs.stat(join(folder, record.id.slice(0, 2), record.id));
  assert.equal((await fs.stat(one)).ino, stored.ino);
  await fs.rm(work, { recursive: true });
  assert.equal(await text(store.read(record)), "bytes");
});

test("without hard links a job gets a copy", async (t) => {
  const { store, work } = await open(t, { system: system({ link: () => Promise.reject(systemError("EXDEV")) }) });
  const record = await store.put(FILE, of("bytes"), LIMIT);
  const path = await store.stage(record, work);
  assert.equal(await fs.readFile(path, "utf8"), "bytes");
  assert.equal((await fs.stat(path)).nlink, 1);
});

test("commit moves an output into the store and leaves the row to the request", async (t) => {
  const { table, store, work, listing } = await open(t);
  const path = join(work, "out.mp4");
  await fs.writeFile(path, "output");
  const record = await store.commit({ ...FILE, requestId: "r1" }, path);
  assert.deepEqual([record.size, record.sha256, record.requestId], [6, sha256("output"), "r1"]);
  assert.equal(table.rows.size, 0);
  await assert.rejects(fs.stat(path), { code: "ENOENT" });
  assert.equal(await text(store.read(record)), "output");
  assert.deepEqual(await listing(), [join(record.id.slice(0, 2), record.id)]);
});

test("commit copies where the store is on another device", async (t) => {
  const failing = system({
    async rename(from, to) {
      if (String(from).endsWith("out.mp4")) throw systemError("EXDEV");
      await fs.rename(from, to);
    },
  });
  const { store, work, listing } = await open(t, { system: failing });
  const path = join(work, "out.mp4");
  await fs.writeFile(path, "output");
  const record = await store.commit(FILE, path);
  assert.equal(await text(store.read(record)), "output");
  await assert.rejects(fs.stat(path), { code: "ENOENT" });
  assert.equal((await listing()).length, 1);
});

test("commit takes regular files only", async (t) => {
  const { store, work, listing } = await open(t);
  await fs.symlink("/etc/passwd", join(work, "link"));
  for (const path of [join(work, "link"), work, join(work, "missing")]) {
    await assert.rejects(store.commit(FILE, path));
  }
  assert.deepEqual(await listing(), []);
});

test("delete removes row, bytes and parts, and may be repeated", async (t) => {
  const { table, store, listing } = await open(t);
  const record = await store.put(FILE, of("x"), LIMIT);
  const pending = await store.reserve(FILE);
  await store.putPart(pending.id, 1, of("x"), LIMIT);
  for (const { id } of [record, pending, record]) await store.delete(id);
  assert.equal(table.rows.size, 0);
  assert.deepEqual(await listing(), []);
});

test("after a crash the sweep removes what has no row, and nothing else", async (t) => {
  let now = Date.now();
  const { folder, table, store, work, listing } = await open(t, { now: () => now });
  const kept = await store.put(FILE, of("kept"), LIMIT);
  const pending = await store.reserve(FILE);
  await store.putPart(pending.id, 1, of("part"), LIMIT);
  await fs.writeFile(join(work, "out.mp4"), "output");
  const committed = await store.commit(FILE, join(work, "out.mp4"));
  const orphan = await store.put(FILE, of("orphan"), LIMIT);
  table.rows.delete(orphan.id);
  await fs.writeFile(join(folder, "tmp", randomBytes(16).toString("hex")), "half");
  await fs.writeFile(join(folder, kept.id.slice(0, 2), "notes.txt"), "not ours");

  assert.equal(await store.sweep(), 0);
  now += HOUR + 1000;
  await table.insert(committed);
  assert.equal(await store.sweep(), 3);
  const left = [kept, committed].map(({ id }) => join(id.slice(0, 2), id));
  assert.deepEqual(await listing(), [...left, join(kept.id.slice(0, 2), "notes.txt")].sort());
  assert.equal(await text(store.read(kept)), "kept");
  assert.equal(await store.sweep(), 0);
});

test("a sweep of everything that an earlier process left spares the parts of an upload that goes on", async (t) => {
  const { folder, store, listing } = await open(t);
  const pending = await store.reserve(FILE);
  const etag = await store.putPart(pending.id, 1, of("part"), LIMIT);
  const complete = await store.put(FILE, of("complete"), LIMIT);
  await fs.mkdir(join(folder, "parts", complete.id));
  await fs.writeFile(join(folder, "tmp", randomBytes(16).toString("hex")), "half");
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(await store.sweep(0), 2);
  await store.delete(complete.id);
  const done = await store.completeParts(pending.id, [{ partNumber: 1, etag }], LIMIT);
  assert.equal(await text(store.read(done)), "part");
  assert.deepEqual(await listing(), [join(done.id.slice(0, 2), done.id)]);
});

test("the sweep spares an output that was written long before its commit", async (t) => {
  const { store, work } = await open(t);
  const path = join(work, "out.mp4");
  await fs.writeFile(path, "output");
  const longAgo = new Date(Date.now() - 24 * HOUR);
  await fs.utimes(path, longAgo, longAgo);
  const record = await store.commit(FILE, path);
  assert.equal(await store.sweep(), 0);
  assert.equal(await text(store.read(record)), "output");
});
