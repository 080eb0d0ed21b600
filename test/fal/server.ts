/** A listening server with the fal dialect, the real stores, and a runner whose work each test says. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import Fastify, { type FastifyInstance } from "fastify";
import Type from "typebox";
import { type Config, readConfig } from "../../src/config.ts";
import { createCatalog } from "../../src/endpoints/catalog.ts";
import { defineEndpoint, type Endpoint } from "../../src/endpoints/endpoint.ts";
import { ReshootError, toReshootError } from "../../src/errors.ts";
import { registerFal, rewriteFalUrl } from "../../src/fal/index.ts";
import { createDiskFileStore } from "../../src/files/disk.ts";
import { createUrlSigner } from "../../src/files/signed-urls.ts";
import { RequestEvents } from "../../src/requests/events.ts";
import { createIntake } from "../../src/requests/intake.ts";
import { openSqliteStore } from "../../src/requests/sqlite.ts";
import type { Claim, JsonObject, RequestRecord } from "../../src/requests/store.ts";
import type { Services } from "../../src/services.ts";

/** One claimed request in the hands of a test. */
export type Work = {
  readonly request: RequestRecord;
  /** Aborts when the caller cancels. */
  readonly cancelled: AbortSignal;
  log(message: string): Promise<void>;
  progress(fraction: number, stage?: string): void;
  /** Stores bytes; the result is the marker of a File object. */
  file(bytes: Uint8Array, contentType: string, fileName: string): Promise<JsonObject>;
};

/** What the runner does with every request. */
export type Worker = (work: Work) => Promise<JsonObject>;

/** A running test server. */
export type TestServer = {
  readonly origin: string;
  readonly services: Services;
  /** Replaces what the runner does; by default it answers with the input. */
  setWorker(worker: Worker): void;
  /** Resolves when nothing waits or runs, so that what a test left behind is not done by the next one's worker. */
  idle(): Promise<void>;
  close(): Promise<void>;
};

const input = Type.Object({
  prompt: Type.String({ description: "Anything." }),
  strength: Type.Optional(Type.Number({ minimum: 0, maximum: 1, default: 0.5 })),
  video_url: Type.Optional(Type.Unsafe<string>({ type: "string", "x-reshoot-media": "media" })),
  sync_mode: Type.Optional(Type.Boolean()),
});
const File = Type.Object({ url: Type.String(), file_size: Type.Optional(Type.Integer()) }, { title: "File" });

/** An endpoint that takes a prompt. */
export function testEndpoint(id: string, more: Partial<Endpoint> = {}): Endpoint {
  return defineEndpoint({
    id,
    aliases: [],
    family: "Test",
    title: `Test ${id}`,
    description: "Answers with what the test says.",
    category: "video-to-video",
    transport: "request",
    vendor: "fal",
    input,
    output: Type.Object({ video: File }),
    examples: [{ prompt: "a cat" }],
    price: { unitPrice: 0.05, unit: "video", units: () => 2, rule: "Two units." },
    needs: () => [],
    ...more,
  });
}

/** The endpoints of the test server. */
export const endpoints = [
  testEndpoint("test-owner/edit", { aliases: ["test-owner/edit-alias"] }),
  testEndpoint("test-owner/edit/fast/turbo"),
  testEndpoint("workflows/acme/chain/run"),
  testEndpoint("123/my-app"),
  testEndpoint("test-owner/live/realtime", { transport: "realtime" }),
  testEndpoint("other-vendor/edit", { vendor: "wavespeed" }),
];

const IDLE_MS = 20_000;

/** Starts a server on a free port; its folder is deleted when it closes. */
export async function startFalServer(
  options: {
    env?: Record<string, string>;
    slots?: number;
    endpoints?: readonly Endpoint[];
    /** Adds another dialect. */
    register?: (app: FastifyInstance, services: Services) => void;
  } = {},
): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), "reshoot-fal-"));
  const config = readConfig([`--data=${folder}`, "--port=0"], options.env ?? {});
  const store = await openSqliteStore(join(folder, "test.db"));
  const files = await createDiskFileStore({ folder: join(folder, "files"), table: store.files });
  await store.accounts.ensureAccount("local", "local");
  for (const { id, secret } of config.keys) {
    const accountId = id === "other" ? "other" : "local";
    await store.accounts.ensureAccount(accountId, accountId);
    await store.accounts.putKey({ id, accountId, scope: "ADMIN", concurrency: null, budget: null }, secret);
  }
  const events = new RequestEvents();
  let origin = "";
  const ownOrigins = (): string[] => [origin];
  const app = Fastify({
    bodyLimit: config.limits.bodyBytes,
    rewriteUrl: (request) => rewriteFalUrl(request, ownOrigins()),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 2048 },
    forceCloseConnections: true,
  });
  const secret = new Uint8Array(32).fill(7);
  const services: Services = {
    config,
    catalog: createCatalog(options.endpoints ?? endpoints),
    store,
    files,
    signer: createUrlSigner(secret),
    events,
    intake: createIntake({ config, store, files, events, route: () => ({ name: "cpu" }), ownOrigins }),
    secret,
    log: app.log,
    ready: () => true,
    ownOrigins,
  };
  registerFal(app, services);
  options.register?.(app, services);
  origin = await app.listen({ host: "127.0.0.1", port: 0 });
  const runner = startRunner(services, config, options.slots ?? 4);
  return {
    origin,
    services,
    setWorker: runner.setWorker,
    async idle() {
      const until = Date.now() + IDLE_MS;
      for (let left = await store.depth(); left.length > 0; left = await store.depth()) {
        if (Date.now() > until) throw new Error(`still there: ${JSON.stringify(left)}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    async close() {
      await app.close();
      await runner.stop();
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function startRunner(services: Services, config: Config, slots: number) {
  const { store, events, files } = services;
  const echo: Worker = async ({ request }) => ({ echo: request.input });
  let worker = echo;
  let stopped = false;
  const running = new Set<Promise<void>>();

  /** Claims one after another: there are never more claims than slots. */
  let claiming: Promise<void> = Promise.resolve();
  function claimMore(): void {
    claiming = claiming.then(async () => {
      while (!stopped && running.size < slots) {
        const claim = await store.claim("test", ["cpu"], 30_000);
        if (!claim) return;
        const job = work(claim).finally(() => {
          running.delete(job);
          claimMore();
        });
        running.add(job);
      }
    });
  }

  async function work(claim: Claim): Promise<void> {
    const { id } = claim.request;
    const abort = new AbortController();
    const unsubscribe = events.subscribeTo(id, (event) => {
      if (event.type === "cancel") abort.abort();
    });
    events.publish({ type: "changed", id });
    const metrics = { inferenceSeconds: 0.25 };
    try {
      await store.recordEngine(claim, "test", null);
      // The cancel may have come before there was a subscription.
      if ((await store.get(id))?.cancelRequested) abort.abort();
      const output = await worker({
        request: claim.request,
        cancelled: abort.signal,
        async log(message) {
          await store.appendLogs(claim, [{ at: Date.now(), level: "INFO", message }]);
          events.publish({ type: "logs", id });
        },
        progress: (fraction, stage = "working") => events.publish({ type: "progress", id, fraction, stage }),
        async file(bytes, contentType, fileName) {
          const file = await files.put(
            {
              accountId: claim.request.accountId,
              requestId: id,
              fileName,
              contentType,
              access: { default: "allow", rules: [] },
              expiresAt: null,
            },
            Readable.from([bytes]),
            { maxBytes: config.limits.uploadBytes },
          );
          return { $file: file.id, content_type: file.contentType, file_name: file.fileName, file_size: file.size };
        },
      });
      const bill = { billableUnits: 2, price: 0.1, charge: config.prices === "vendor" ? 0.1 : 0 };
      await store.succeed(claim, { output, files: [], metrics, ...bill });
    } catch (error) {
      if (abort.signal.aborted) await store.confirmCancelled(claim, metrics);
      else await store.fail(claim, toReshootError(error).toJSON(), metrics);
    } finally {
      unsubscribe();
      events.publish({ type: "changed", id });
    }
  }

  const unsubscribe = events.subscribe((event) => {
    if (event.type === "queued") claimMore();
  });
  return {
    setWorker: (next: Worker) => {
      worker = next;
    },
    async stop() {
      stopped = true;
      unsubscribe();
      await claiming;
      await Promise.allSettled(running);
    },
  };
}

/** Work that ends only when it is cancelled. */
export const forever: Worker = ({ cancelled }) =>
  new Promise((_, reject) => {
    const stop = (): void => reject(new ReshootError("client_cancelled", "cancelled"));
    if (cancelled.aborted) stop();
    cancelled.addEventListener("abort", stop);
  });

/** A gate that work can wait at. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}
