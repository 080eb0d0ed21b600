/** Wires the rooms together: data folder, store, files, runner, HTTP. */
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from "fastify";
import type { Logger } from "pino";
import { addressPolicy, type Config, dataFolders } from "./config.ts";
import { answerBrokenHttp, registerConnectionTimes } from "./connections.ts";
import { catalog } from "./endpoints/index.ts";
import { createEngines } from "./engines/index.ts";
import { ReshootError } from "./errors.ts";
import { accountOf, createFalWebhooks, registerFal, rewriteFalUrl, sendError } from "./fal/index.ts";
import { createDiskFileStore } from "./files/disk.ts";
import { createUrlSigner } from "./files/signed-urls.ts";
import type { FileStore } from "./files/store.ts";
import { registerGuard } from "./guard.ts";
import { keyCaller } from "./http/key.ts";
import {
  createAccessLog,
  createLog,
  createPrometheusMetrics,
  logDestination,
  observeHttp,
  registerMetrics,
  watchFiles,
  watchStore,
} from "./observability/index.ts";
import { registerPlayground } from "./playground/index.ts";
import { RequestEvents } from "./requests/events.ts";
import { createIntake } from "./requests/intake.ts";
import { serverSecret } from "./requests/server-secret.ts";
import { openSqliteStore } from "./requests/sqlite.ts";
import type { RequestStore } from "./requests/store.ts";
import { createWebhookDeliverer } from "./requests/webhooks.ts";
import { type Launched, launch } from "./runner/fork.ts";
import { createRouter } from "./runner/router.ts";
import type { RunnerAbilities } from "./runner/serve.ts";
import { createRunnerSupervisor } from "./runner/supervisor.ts";
import type { Services } from "./services.ts";
import { refuseProxyRequests, startTakeover, type Takeover } from "./tls/index.ts";
import { createWavespeedWebhooks, registerWavespeed } from "./wavespeed/index.ts";

const REAP_MS = 1_000;
const EXPIRE_MS = 60_000;
const SWEEP_MS = 3600_000;
const EXPIRE_BATCH = 500;

/** How the server behaves towards whoever started it. */
export type ServerOptions = {
  /** pino level of everything the server and its runner log. */
  readonly logLevel?: string;
  /** What it can do, and the program of a runner that can do the same. @defaultValue the product's own */
  readonly abilities?: RunnerAbilities & { readonly runner: URL };
  /** The result of {@link launch}, called earlier with the same settings. @defaultValue it is called now */
  readonly launched?: Launched;
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
export async function startServer(config: Config, options: ServerOptions = {}): Promise<Server> {
  const startedAt = Date.now();
  const { logLevel = "info", abilities = { catalog, createEngines } } = options;
  const logging = { level: logLevel, part: "server", destination: logDestination("server") } as const;
  const log = createLog(logging);
  const metrics = createPrometheusMetrics({
    process: "server",
    endpoints: abilities.catalog.all.map(({ id }) => id),
    engines: config.engines,
  });
  const next = { config, logLevel, program: options.abilities?.runner };
  const { lock, runner } = options.launched ?? (await launch(next));
  const closers: (() => Promise<unknown> | unknown)[] = [() => lock.release()];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const { database, files: filesFolder } = dataFolders(config.data);
    const store = watchStore(await openSqliteStore(database, { metrics }), { metrics, log });
    closers.push(() => store.close());
    await seedAccounts(store, config);
    await store.reclaimAll();
    const files = watchFiles(await createDiskFileStore({ folder: filesFolder, table: store.files }), metrics);
    const events = new RequestEvents();
    const secret = await serverSecret(config.data);

    let origins: readonly string[] = [];
    const ownOrigins = (): readonly string[] => origins;
    const app = Fastify({
      loggerInstance: log as FastifyBaseLogger,
      logController: new LogController({ disableRequestLogging: true }),
      bodyLimit: config.limits.bodyBytes,
      rewriteUrl: (request) => rewriteFalUrl(request, ownOrigins()),
      routerOptions: { ignoreTrailingSlash: true, maxParamLength: 2048 },
      forceCloseConnections: true,
      clientErrorHandler: answerBrokenHttp,
      // Requests that never reach a route are answered in the same shape as the others, without repeating the URL.
      frameworkErrors: (_error, _request, reply) =>
        sendError(
          reply.header("x-fal-request-id", randomUUID()),
          new ReshootError("bad_request", "The URL is not valid"),
        ),
    });
    const supervisor = createRunnerSupervisor({ first: runner, next, store, events, log: adaptLog(log) });
    closers.push(() => supervisor.stop());
    const runnerReady = supervisor.start();
    // Awaited at the end; until then a failure waits too.
    runnerReady.catch(() => undefined);
    const router = createRouter(abilities.createEngines(config));
    const services: Services = {
      config,
      catalog: abilities.catalog,
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
    // Requests are told apart by the ids that their callers know; a logger for each would be made in vain.
    app.setChildLoggerFactory((logger) => logger);
    observeHttp(app, { metrics, log: createAccessLog(logging), accountOf });
    refuseProxyRequests(app);
    registerConnectionTimes(app);
    // Fastify's own answer repeats the whole URL, and logs it: a token may stand in it.
    app.setNotFoundHandler((_request, reply) =>
      sendError(reply.header("x-fal-request-id", randomUUID()), new ReshootError("not_found", "Path not found")),
    );
    registerGuard(app, config);
    registerHealth(app, services);
    registerMetrics(app, { metrics, store, runner: supervisor.measure, access: metricsAccess(services) });
    registerFal(app, services);
    registerWavespeed(app, services);
    await registerPlayground(app, services, { router, version: await packageVersion() });
    const origin = await app.listen({ host: config.host, port: config.port });
    origins = originsFor(origin, [], config);
    closers.push(() => app.close());
    const takeover = await startTakeover(app, config);
    origins = originsFor(origin, takeover.origins, config);
    closers.push(() => takeover.close());
    closers.push(housekeeping(store, files, events, log));
    const webhooks = createWebhookDeliverer({
      store,
      events,
      dialects: { fal: createFalWebhooks(services), wavespeed: createWavespeedWebhooks(services) },
      policy: addressPolicy(config),
      log,
    });
    closers.push(() => webhooks.stop());
    await webhooks.start();
    await runnerReady;
    // What a killed server left half done is older than this one, and nobody else's.
    void files.sweep(Date.now() - startedAt).catch((error) => log.error({ err: error }, "sweeping failed"));
    return { origin, tls: takeover, close };
  } catch (error) {
    runner.kill();
    await close();
    throw error;
  }
}

/** Every origin under which this server can be called. */
function originsFor(origin: string, tlsOrigins: readonly string[], { publicUrl }: Config): readonly string[] {
  const { port } = new URL(origin);
  const loopback = ["127.0.0.1", "localhost", "[::1]"].map((host) => `http://${host}:${port}`);
  return [origin, ...loopback, ...tlsOrigins, ...(publicUrl ? [new URL(publicUrl).origin] : [])];
}

function adaptLog(log: Logger) {
  return {
    info: (message: string) => log.info(message),
    error: (details: object, message: string) => log.error(details, message),
  };
}

/** What probes ask. */
function registerHealth(app: FastifyInstance, services: Services): void {
  app.get("/health", (_request, reply) =>
    services.ready() ? { status: "ok" } : reply.code(503).send({ status: "starting" }),
  );
}

async function packageVersion(): Promise<string> {
  const manifest = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));
  return String((manifest as { version: unknown }).version);
}

/** Measurements tell of all accounts: with keys they are for ADMIN keys. */
function metricsAccess(services: Services): Parameters<typeof registerMetrics>[1]["access"] {
  return async ({ headers }) => {
    if (services.config.keys.length === 0) return "admin";
    const credentials = /^(?:key|bearer) +(\S+)$/i.exec(headers.authorization ?? "")?.[1];
    const caller = credentials === undefined ? undefined : await keyCaller(credentials, services);
    if (!caller) return "unknown";
    return caller.key?.scope === "ADMIN" ? "admin" : "known";
  };
}

/**
 * Without keys everybody is the account `local`. Each configured key has an account of its own name; a key that is
 * configured no more works no more. Keys that were created on the server stay.
 */
async function seedAccounts({ accounts }: RequestStore, { keys }: Config): Promise<void> {
  await accounts.ensureAccount("local", "This machine");
  for (const { id, secret } of keys) {
    await accounts.ensureAccount(id, id);
    await accounts.putKey({ id, accountId: id, scope: "ADMIN", concurrency: null, budget: null }, secret);
  }
  for (const { id, source } of await accounts.listKeys()) {
    if (source === "configured" && !keys.some((key) => key.id === id)) await accounts.revokeKey(id);
  }
}

/** Timers that end what ran out. @returns a function that stops them. */
function housekeeping(store: RequestStore, files: FileStore, events: RequestEvents, log: Logger): () => void {
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
