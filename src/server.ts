/** Wires the rooms together: data folder, store, files, runner, HTTP. */
import { randomBytes, randomUUID } from "node:crypto";
import { mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from "fastify";
import { pino } from "pino";
import { addressPolicy, type Config, dataFolders } from "./config.ts";
import { catalog } from "./endpoints/index.ts";
import { createEngines } from "./engines/index.ts";
import { createFalWebhooks, registerFal, rewriteFalUrl, sendError } from "./fal/index.ts";
import { createDiskFileStore } from "./files/disk.ts";
import { createUrlSigner } from "./files/signed-urls.ts";
import type { FileStore } from "./files/store.ts";
import { registerGuard } from "./guard.ts";
import { lockDataFolder } from "./requests/data-lock.ts";
import { RequestEvents } from "./requests/events.ts";
import { createIntake } from "./requests/intake.ts";
import { openSqliteStore } from "./requests/sqlite.ts";
import type { RequestStore } from "./requests/store.ts";
import { createWebhookDeliverer } from "./requests/webhooks.ts";
import { createRouter } from "./runner/router.ts";
import { createRunnerSupervisor } from "./runner/supervisor.ts";
import type { Services } from "./services.ts";
import { refuseProxyRequests, startTakeover, type Takeover } from "./tls/index.ts";

const REAP_MS = 1_000;
const EXPIRE_MS = 60_000;
const SWEEP_MS = 3600_000;
const EXPIRE_BATCH = 500;

/** How the server behaves towards whoever started it. */
export type ServerOptions = {
  /** pino level of everything the server and its runner log. */
  readonly logLevel?: string;
};

/** A running server. */
export type Server = {
  /** Where it listens, for example `http://127.0.0.1:7860`. */
  readonly origin: string;
  /** Its TLS side; without `--tls-port` it has no origins. */
  readonly tls: Pick<Takeover, "origins" | "caPath">;
  /** Gives running work back to the queue and closes everything; resolves when no process or file is left open. */
  close(): Promise<void>;
};

/**
 * Starts Reshoot: resolves when requests are accepted and the engines have passed their self-test.
 * @throws Error when the data folder is in use, an engine cannot start, or the port is taken.
 */
export async function startServer(config: Config, { logLevel = "info" }: ServerOptions = {}): Promise<Server> {
  const log = pino({ level: logLevel, base: null }, pino.destination({ fd: 2, sync: false }));
  await mkdir(config.data, { recursive: true, mode: 0o700 });
  const closers: (() => Promise<unknown> | unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const lock = await lockDataFolder(config.data);
    closers.push(() => lock.release());
    const { database, files: filesFolder } = dataFolders(config.data);
    const store = await openSqliteStore(database);
    closers.push(() => store.close());
    await seedAccounts(store, config);
    await store.reclaimAll();
    const files = await createDiskFileStore({ folder: filesFolder, table: store.files });
    const events = new RequestEvents();
    const secret = await serverSecret(config.data);

    let origin = "";
    let tlsOrigins: readonly string[] = [];
    const ownOrigins = (): string[] => {
      if (!origin) return [];
      const { port } = new URL(origin);
      const loopback = ["127.0.0.1", "localhost", "[::1]"].map((host) => `http://${host}:${port}`);
      return [origin, ...loopback, ...tlsOrigins, ...(config.publicUrl ? [new URL(config.publicUrl).origin] : [])];
    };
    const app = Fastify({
      loggerInstance: log as FastifyBaseLogger,
      logController: new LogController({ disableRequestLogging: true }),
      bodyLimit: config.limits.bodyBytes,
      rewriteUrl: (request) => rewriteFalUrl(request, ownOrigins()),
      routerOptions: { ignoreTrailingSlash: true, maxParamLength: 2048 },
      forceCloseConnections: true,
      // Requests that never reach a route, such as a malformed URL, are answered in the same shape as the others.
      frameworkErrors: (error, _request, reply) => sendError(reply.header("x-fal-request-id", randomUUID()), error),
    });
    const supervisor = createRunnerSupervisor({ config, store, events, logLevel, log: adaptLog(log) });
    const router = createRouter(createEngines(config));
    const services: Services = {
      config,
      catalog,
      store,
      files,
      signer: createUrlSigner(secret),
      events,
      intake: createIntake({ config, store, files, events, route: router.route, ownOrigins }),
      secret,
      log: app.log,
      ready: supervisor.ready,
      ownOrigins,
    };
    refuseProxyRequests(app);
    registerGuard(app, config);
    registerHealth(app, services);
    registerFal(app, services);
    origin = await app.listen({ host: config.host, port: config.port });
    closers.push(() => app.close());
    const takeover = await startTakeover(app, config);
    tlsOrigins = takeover.origins;
    closers.push(() => takeover.close());
    closers.push(housekeeping(store, files, events, log));
    const webhooks = createWebhookDeliverer({
      store,
      events,
      dialects: { fal: createFalWebhooks(services) },
      policy: addressPolicy(config),
      log,
    });
    closers.push(() => webhooks.stop());
    await webhooks.start();
    closers.push(() => supervisor.stop());
    await supervisor.start();
    return { origin, tls: takeover, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function adaptLog(log: pino.Logger) {
  return {
    info: (message: string) => log.info(message),
    error: (details: object, message: string) => log.error(details, message),
  };
}

function registerHealth(app: FastifyInstance, services: Services): void {
  app.get("/health", (_request, reply) =>
    services.ready() ? { status: "ok" } : reply.code(503).send({ status: "starting" }),
  );
}

/**
 * Without keys everybody is the account `local`. Each configured key has an account of its own name; a key that is
 * configured no more works no more.
 */
async function seedAccounts({ accounts }: RequestStore, { keys }: Config): Promise<void> {
  await accounts.ensureAccount("local", "This machine");
  for (const { id, secret } of keys) {
    await accounts.ensureAccount(id, id);
    await accounts.putKey({ id, accountId: id, scope: "ADMIN", concurrency: null, budget: null }, secret);
  }
  for (const { id } of await accounts.listKeys()) if (!keys.some((key) => key.id === id)) await accounts.revokeKey(id);
}

/** 32 random bytes, made once and kept with owner-only permissions: tokens and signed URLs survive restarts. */
async function serverSecret(data: string): Promise<Uint8Array> {
  const path = join(data, "secret");
  try {
    const file = await open(path, "wx", 0o600);
    await file.writeFile(randomBytes(32));
    await file.sync();
    await file.close();
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
  const secret = await readFile(path);
  if (secret.length !== 32) throw new Error(`${path} is damaged: delete it and start again`);
  return secret;
}

/** Timers that end what ran out. @returns a function that stops them. */
function housekeeping(store: RequestStore, files: FileStore, events: RequestEvents, log: pino.Logger): () => void {
  const every = (ms: number, what: string, work: () => Promise<unknown>): NodeJS.Timeout =>
    setInterval(() => void work().catch((error) => log.error({ err: error }, `${what} failed`)), ms).unref();
  const timers = [
    every(REAP_MS, "reaping", async () => {
      for (const id of await store.reap()) events.publish({ type: "changed", id });
    }),
    every(EXPIRE_MS, "expiry", async () => {
      for (const id of await store.expire(EXPIRE_BATCH)) await files.delete(id);
    }),
    every(SWEEP_MS, "sweeping", () => files.sweep()),
  ];
  return () => timers.forEach(clearInterval);
}
