/** The official Python clients, unmodified: only the base URL differs. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { fieldError } from "../../src/errors.ts";
import { python, withoutClients } from "./clients.ts";
import { oneFile, startWavespeedServer, type WavespeedServer } from "./server.ts";

describe("official Python clients", { skip: withoutClients }, () => {
  let server: WavespeedServer;

  before(async () => {
    server = await startWavespeedServer({ syncWaitMs: 2000 });
    server.setWorker(async (work) => {
      const { prompt } = work.request.input;
      if (prompt === "fail") throw fieldError("video_load_error", ["body", "video_url"], "not a video");
      if (prompt === "slow") await new Promise((resolve) => setTimeout(resolve, 3000));
      return oneFile(work);
    });
  });
  after(() => server.close());

  for (const version of ["newest", "legacy"] as const) {
    test(version, async () => {
      const checks = promisify(execFile)(python(version), ["test/wavespeed/python_checks.py", server.origin], {
        env: { ...process.env, NO_PROXY: "127.0.0.1" },
      });
      assert.match((await checks).stdout, version === "legacy" ? /^ok 1\.0\.9/m : /^ok 2\./m);
    });
  }
});
