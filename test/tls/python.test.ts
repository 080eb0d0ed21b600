/** The official Python client, unmodified: only its environment leads it here. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { forever, type Work } from "../fal/server.ts";
import { runChecks, type Seen, withoutPython } from "./python.ts";
import { startTakenOver, type TakenOver } from "./takeover.ts";

const MIB = 1024 * 1024;
const VIDEO = "not really a video";
const LARGE_BYTES = 101 * MIB + 12_345;
const REQUESTS = ["run", "submit", "subscribe", "stream", "cancel", "invalid"];
const UPLOADS = ["upload", "upload_fallback", "upload_file", "upload_large", "upload_large_bytes", "input_upload"];

/** Answers with the prompt and a file; "slow" also logs and reports progress, "forever" ends when it is cancelled. */
async function worker(work: Work) {
  const { prompt, video_url } = work.request.input;
  // The intake makes a reference out of a URL that it knows as its own.
  if (prompt === "input") return { input: typeof video_url === "object" ? "our own file" : "fetched from elsewhere" };
  if (prompt === "forever") return forever(work);
  await work.log("one");
  if (prompt === "slow") {
    work.progress(0.5);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  await work.log("two");
  return { prompt, video: await work.file(Buffer.from(VIDEO), "video/mp4", "out.mp4") };
}

/** A suite that is skipped is not counted as skipped; its tests are. */
const check = (name: string, verify: () => void | Promise<void>) => test(name, { skip: withoutPython }, verify);

describe("official Python client", () => {
  let server: TakenOver;
  let folder: string;
  let large: string;

  before(async () => {
    if (withoutPython) return;
    server = await startTakenOver();
    server.server.setWorker(worker);
    folder = await mkdtemp(join(tmpdir(), "reshoot-large-"));
    large = join(folder, "large.mp4");
    const file = await open(large, "wx");
    const block = randomBytes(MIB);
    for (let written = 0; written < LARGE_BYTES; written += MIB) {
      // Every block differs, so that parts in the wrong order are noticed.
      block.writeUInt32BE(written);
      await file.write(block.subarray(0, Math.min(MIB, LARGE_BYTES - written)));
    }
    await file.close();
  });
  after(async () => {
    if (withoutPython) return;
    await server.close();
    await rm(folder, { recursive: true });
  });

  const proxied = () => ({ HTTPS_PROXY: server.proxy, SSL_CERT_FILE: server.caPath, FAL_KEY: "id:secret" });
  for (const client of ["sync", "async"] as const) {
    describe(`through HTTPS_PROXY, ${client}`, () => {
      let seen: Record<string, Seen>;
      before(async () => {
        if (withoutPython) return;
        seen = await runChecks(client, [...REQUESTS, ...UPLOADS], proxied(), large);
      });
      requestTests(
        () => seen,
        () => "https://queue.fal.run/",
      );

      for (const upload of UPLOADS.filter((name) => name !== "input_upload")) {
        check(upload.replaceAll("_", " "), () => {
          const { error, url, sent, size_sent, sha256, size } = seen[upload];
          assert.equal(error, undefined, error);
          assert.ok(url.startsWith("https://v3.fal.media/files/"), url);
          assert.equal(size, size_sent);
          assert.equal(sha256, sent);
          if (upload.startsWith("upload_large")) assert.equal(size, LARGE_BYTES);
        });
      }
      check("an upload as input is found without leaving the server", () => {
        const { error, input } = seen.input_upload;
        assert.equal(error, undefined, error);
        assert.equal(input, "our own file");
      });
    });
  }

  describe("straight to the TLS port with FAL_RUN_HOST", () => {
    let seen: Record<string, Seen>;
    before(async () => {
      if (withoutPython) return;
      const host = `localhost:${server.tlsPort}`;
      seen = await runChecks("sync", REQUESTS, {
        FAL_RUN_HOST: `${host}/run`,
        FAL_QUEUE_RUN_HOST: `${host}/queue`,
        SSL_CERT_FILE: server.caPath,
        FAL_KEY: "id:secret",
      });
    });
    requestTests(
      () => seen,
      () => `https://localhost:${server.tlsPort}/queue/`,
    );
  });

  check("without SSL_CERT_FILE the certificate is not trusted", async () => {
    const { SSL_CERT_FILE: _, ...env } = proxied();
    const { upload } = await runChecks("sync", ["upload"], env);
    assert.match(upload.error, /CERTIFICATE_VERIFY_FAILED/);
  });
});

/** What every client sees, wherever it is led. */
function requestTests(results: () => Record<string, Seen>, queue: () => string): void {
  const ok = (name: string): Seen => {
    const { error } = results()[name];
    assert.equal(error, undefined, error);
    return results()[name];
  };

  check("run", () => {
    const { result, file } = ok("run");
    assert.equal(result.prompt, "run");
    assert.equal(file.sha256, createHash("sha256").update(VIDEO).digest("hex"));
    assert.equal(file.type, "video/mp4");
  });
  check("submit, status, result by handle and by id", () => {
    const { status, logs, metrics, by_handle, by_id, response_url } = ok("submit");
    assert.equal(status, "Completed");
    assert.deepEqual(logs, ["one", "two"]);
    assert.equal(metrics.inference_time, 0.25);
    assert.equal(by_handle.prompt, "submit");
    assert.deepEqual(by_id, by_handle);
    assert.ok(response_url.startsWith(queue()), response_url);
  });
  check("subscribe with logs", () => {
    const { result, enqueued, updates, logs } = ok("subscribe");
    assert.equal(result.prompt, "slow");
    assert.equal(enqueued, 1);
    assert.ok(updates.includes("InProgress") && updates.includes("Completed"), updates);
    assert.deepEqual(logs, ["one", "two"]);
  });
  check("stream", () => {
    const { events } = ok("stream");
    assert.equal(events[0].progress, 0.5);
    assert.equal(events.at(-1).prompt, "slow");
  });
  check("cancel", () => {
    const { status, error_type, seconds } = ok("cancel");
    assert.equal(status, 499);
    assert.equal(error_type, "client_cancelled");
    assert.ok(seconds < 5, `${seconds} s`);
  });
  check("an invalid input", () => {
    const { status, detail } = ok("invalid");
    assert.equal(status, 422);
    assert.deepEqual(detail[0].loc, ["body", "prompt"]);
  });
}
