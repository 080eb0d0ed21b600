/** The fal dialect's test server with takeover in front of it. */
import diagnostics from "node:diagnostics_channel";
import { mkdtemp, rm } from "node:fs/promises";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { startTakeover, type Takeover } from "../../src/tls/index.ts";
import { startFalServer, type TestServer } from "../fal/server.ts";

/** A server under all of its names. */
export type TakenOver = {
  /** The plain port, which is also the proxy: `http://127.0.0.1:…`. */
  readonly proxy: string;
  readonly tlsPort: number;
  readonly caPath: string;
  readonly takeover: Takeover;
  readonly server: TestServer;
  close(): Promise<void>;
};

/** Starts the dialect with the key `id:secret`, and takeover on a free port. */
export async function startTakenOver(): Promise<TakenOver> {
  const server = await startFalServer({ env: { RESHOOT_KEYS: "id:secret" } });
  const data = await mkdtemp(join(tmpdir(), "reshoot-tls-"));
  const app = { server: await serverAt(server.origin), log: server.services.log } as FastifyInstance;
  const takeover = await startTakeover(app, { host: "127.0.0.1", data, keys: [], tlsPort: 0 });
  return {
    proxy: server.origin,
    tlsPort: Number(new URL(takeover.origins[0]!).port),
    caPath: takeover.caPath!,
    takeover,
    server,
    async close() {
      await takeover.close();
      await server.close();
      await rm(data, { recursive: true, force: true });
    },
  };
}

/** The HTTP server of this process that listens at an origin: the test server keeps it to itself. */
async function serverAt(origin: string): Promise<Server> {
  let found: Server | undefined;
  const notice = (message: unknown): void => {
    found = (message as { server: Server }).server;
  };
  diagnostics.subscribe("http.server.request.start", notice);
  await fetch(origin);
  diagnostics.unsubscribe("http.server.request.start", notice);
  return found!;
}
