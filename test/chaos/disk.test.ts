/** The data folder on a disk that is full, cannot be written, or fails: clear errors, nothing lost, no help needed after. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import { appendFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, test } from "node:test";
import { errorReply, fromThrown } from "../../src/fal/errors.ts";
import { createDiskFileStore } from "../../src/files/disk.ts";
import { type Receiver, startReceiver } from "../../src/requests/webhooks.receiver.ts";
import { memoryFileTable } from "../memory-file-table.ts";
import { auditOf, hash } from "./audit.ts";
import { type Answer, type Caller, createCaller, merge } from "./caller.ts";
import { type Clips, makeClips } from "./clips.ts";
import { mountSmallDisk, turnReadOnly, unmount, withoutMounts } from "./mounts.ts";
import { killProcess, launch, processesOf, until } from "./processes.ts";
import { MERGE } from "./traffic.ts";

const DISK_MB = 24;

/** 507 or 503, in the vendor's words. */
function isClear({ status, body }: Answer<unknown>): boolean {
  const { error_type, detail } = body as { error_type?: string; detail?: unknown };
  const type = { 507: "storage_full", 503: "unavailable" }[status];
  return type !== undefined && error_type === type && typeof detail === "string";
}

describe("a data folder", { skip: withoutMounts }, () => {
  let folder: string;
  let data: string;
  let clips: Clips;
  let hooks: Receiver;

  beforeEach(async () => {
    hooks = await startReceiver();
    clips ??= await makeClips();
    folder = await mkdtemp(join(tmpdir(), "reshoot-disk-"));
    data = join(folder, "data");
    await mkdir(data);
    mountSmallDisk(data, DISK_MB);
  });
  afterEach(async () => {
    processesOf(folder).forEach(killProcess);
    await hooks.close();
    unmount(data);
    await rm(folder, { recursive: true, force: true });
  });

  const fillUp = async (): Promise<string> => {
    const ballast = join(data, "ballast");
    // The server writes at the same time: big pieces until nothing fits, then pages.
    for (const bytes of [1 << 20, 1 << 12]) {
      while (
        await appendFile(ballast, Buffer.alloc(bytes)).then(
          () => true,
          () => false,
        )
      );
    }
    return ballast;
  };
  const upload = async (caller: Caller, bytes: Uint8Array): Promise<{ id?: string; answer: Answer }> => {
    const begun = await caller.ask<{ upload_url: string }>(
      "POST",
      "/rest/storage/upload/initiate",
      JSON.stringify({ content_type: "application/octet-stream" }),
    );
    if (begun.status !== 200) return { answer: begun };
    const { pathname, search } = new URL(begun.body.upload_url);
    const answer = await caller.ask("PUT", `${pathname}${search}`, new Uint8Array(bytes));
    return { id: pathname.split("/").at(-1)!, answer };
  };

  /** The input of a merge whose media are in the server already: a submit of it needs room in the database alone. */
  const uploaded = async (caller: Caller, origin: string): Promise<object> => {
    const [video_url, audio_url] = await Promise.all(
      [clips.video, clips.audio].map(async (bytes) => `${origin}/cdn/files/${(await upload(caller, bytes)).id}/in`),
    );
    return { video_url, audio_url };
  };

  test("that is full: callers are told, what was promised is kept, and room is all it takes", async (t) => {
    const server = await launch(folder);
    const caller = createCaller(server.origin);
    const audit = auditOf(data);
    const kept = Buffer.alloc(100_000, 7);
    const before = await upload(caller, kept);
    assert.equal(before.answer.status, 200);
    const small = await uploaded(caller, server.origin);
    // Some of these are at work when the disk fills up.
    const hooked = `${MERGE}?fal_webhook=${encodeURIComponent(hooks.origin)}`;
    const acknowledged = await Promise.all(Array.from({ length: 6 }, () => caller.submit(hooked, merge(clips))));
    const ballast = await fillUp();

    const refused = { uploads: 0, submits: 0 };
    for (let i = 0; i < 60; i++) {
      const sent = await upload(caller, Buffer.alloc(50_000, i));
      if (sent.answer.status !== 200) refused.uploads++;
      assert.ok(sent.answer.status === 200 || isClear(sent.answer), JSON.stringify(sent.answer));
      const input = i % 2 === 0 ? merge(clips) : small;
      const submitted = await caller.ask<{ request_id: string }>("POST", `/queue/${MERGE}`, JSON.stringify(input));
      if (submitted.status === 200) acknowledged.push(submitted.body.request_id);
      else refused.submits++;
      assert.ok(submitted.status === 200 || isClear(submitted), JSON.stringify(submitted));
    }
    assert.ok(refused.uploads > 0 && refused.submits > 30, JSON.stringify(refused));
    const run = await caller.ask("POST", `/run/${MERGE}`, JSON.stringify(merge(clips)));
    assert.ok(run.status === 200 || isClear(run), JSON.stringify(run));
    assert.equal((await caller.ask("GET", "/health")).status, 200);
    const read = await fetch(`${server.origin}/cdn/files/${before.id}/x`);
    assert.equal(hash(new Uint8Array(await read.arrayBuffer())), hash(kept), "what is stored can be read");
    assert.deepEqual(audit.damage(), []);

    await rm(ballast);
    acknowledged.push(await caller.submit(MERGE, merge(clips)));
    assert.equal((await upload(caller, kept)).answer.status, 200);
    await until(
      "every acknowledged request has ended",
      () => audit.requests().every(({ status }) => status !== "queued" && status !== "running") || undefined,
      90_000,
    );
    await until("every webhook has arrived", () => hooks.received.length >= 6 || undefined);
    const ends = new Map(audit.requests().map(({ id, status }) => [id, status]));
    for (const id of acknowledged) assert.equal(ends.get(id), "succeeded");
    assert.equal(await server.stop(), 0);
    assert.deepEqual(audit.strays(), []);
    assert.deepEqual(audit.damage(), []);
    t.diagnostic(`${acknowledged.length} acknowledged; refused: ${JSON.stringify(refused)}`);
  });

  test("that is full at the start: the server says so, and starts once there is room", async () => {
    const ballast = await fillUp();
    await assert.rejects(launch(folder), /did not start \(1\): reshoot: .*(full|cannot be (used|opened)|no space)/is);
    await rm(ballast);
    const server = await launch(folder);
    const caller = createCaller(server.origin);
    const id = await caller.submit(MERGE, merge(clips));
    await until("it works", async () => (await caller.status(MERGE, id)) === "COMPLETED" || undefined);
    assert.equal(await server.stop(), 0);
  });

  test("that turns read-only: callers are told, requests wait, and nothing is lost", async () => {
    const server = await launch(folder);
    const caller = createCaller(server.origin);
    const audit = auditOf(data);
    const input = await uploaded(caller, server.origin);
    let waiting = "";
    turnReadOnly(data);
    try {
      const sent = await upload(caller, Buffer.alloc(1000));
      assert.ok(isClear(sent.answer), JSON.stringify(sent.answer));
      const submitted = await caller.ask("POST", `/queue/${MERGE}`, JSON.stringify(merge(clips)));
      assert.ok(isClear(submitted), JSON.stringify(submitted));
      // The database's files are open already, so that this one is taken in, and its work cannot be done yet.
      waiting = await caller.submit(MERGE, input);
      await until("it was tried", () => audit.requests()[0]!.attempt > 0 || undefined);
      assert.notEqual(await caller.status(MERGE, waiting), "COMPLETED");
    } finally {
      unmount(data);
    }
    for (const id of [waiting, await caller.submit(MERGE, merge(clips))]) {
      await until("it works again", async () => (await caller.status(MERGE, id)) === "COMPLETED" || undefined);
    }
    assert.deepEqual(
      audit.requests().map(({ status }) => status),
      ["succeeded", "succeeded"],
    );
    assert.equal(await server.stop(), 0);
    assert.deepEqual(audit.strays(), []);
  });

  test("that is read-only at the start: the server says so", async () => {
    turnReadOnly(data);
    try {
      await assert.rejects(launch(folder), /did not start \(1\): reshoot: .*(read.?only|cannot be used)/is);
    } finally {
      unmount(data);
    }
  });
});

describe("a file store whose disk fails", () => {
  for (const [code, expected] of [
    ["ENOSPC", "storage_full"],
    ["EIO", "unavailable"],
    ["EROFS", "unavailable"],
    ["EMFILE", "unavailable"],
  ] as const) {
    for (const call of ["open", "rename"] as const) {
      test(`with ${code} at ${call}: ${expected}, and nothing is left`, async () => {
        const folder = await mkdtemp(join(tmpdir(), "reshoot-fault-"));
        const failure = Object.assign(new Error(code), { code });
        const table = memoryFileTable();
        const system = { open: fs.open, rename: fs.rename, link: fs.link, [call]: () => Promise.reject(failure) };
        const store = await createDiskFileStore({ folder, table, system });
        const file = {
          accountId: "local",
          requestId: null,
          fileName: "a.bin",
          contentType: "application/octet-stream",
          access: { default: "allow", rules: [] },
          expiresAt: null,
        } as const;
        const pending = await store.reserve(file);
        const bytes = () => Readable.from([Buffer.from("bytes")]);
        const limit = { maxBytes: 100 };
        for (const attempt of [
          () => store.put(file, bytes(), limit),
          () => store.fill(pending.id, bytes(), limit),
          () => store.putPart(pending.id, 1, bytes(), limit),
        ]) {
          const thrown = await attempt().then(
            () => assert.fail("it did not fail"),
            (error: unknown) => error,
          );
          const reply = errorReply(fromThrown(thrown));
          assert.equal(reply.body.error_type, expected);
          assert.ok(!JSON.stringify(reply.body).includes(folder), "no path is told");
        }
        assert.equal(table.rows.size, 1, "the reserved file waits on");
        const left = await fs.readdir(folder, { recursive: true, withFileTypes: true });
        assert.deepEqual(
          left.filter((entry) => entry.isFile()),
          [],
        );
        await rm(folder, { recursive: true });
      });
    }
  }
});
