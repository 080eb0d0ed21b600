/** A whole server for a test: its own data folder, its own port, the real runner and media workers. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createFalClient, type FalClient } from "@fal-ai/client";
import { connect } from "../../src/client/index.ts";
import { readConfig } from "../../src/config.ts";
import { type Server, startServer } from "../../src/server.ts";

/** A running server and an official client that talks to it. */
export type TestServer = {
  readonly origin: string;
  readonly folder: string;
  readonly fal: FalClient;
  /** Uploads nothing: a File the client uploads by itself. */
  file(path: string, type?: string): Promise<File>;
  /** Downloads a result into the test's folder. */
  download(url: string, name: string): Promise<string>;
  close(): Promise<void>;
};

/** Starts a server with these command-line options. */
export async function startTestServer(...options: string[]): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), "reshoot-test-"));
  const config = readConfig(["--port", "0", "--data", join(folder, "data"), ...options], {});
  const server: Server = await startServer(config, { logLevel: "error" });
  return {
    origin: server.origin,
    folder,
    fal: createFalClient(connect(server.origin)),
    file: async (path, type = "video/mp4") =>
      new File([new Uint8Array(await readFile(path))], basename(path), { type }),
    async download(url, name) {
      const response = await fetch(url);
      if (!response.ok) throw new Error(`${url}: ${response.status}`);
      const path = join(folder, name);
      await writeFile(path, new Uint8Array(await response.arrayBuffer()));
      return path;
    },
    async close() {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
