/**
 * Points the unmodified `@fal-ai/client` at a Reshoot server.
 *
 * ```ts
 * import { fal } from "@fal-ai/client";
 * import { connect } from "reshoot/client";
 *
 * fal.config(connect("http://127.0.0.1:7860"));
 * const { data } = await fal.subscribe("fal-ai/void-video-inpainting", { input });
 * ```
 * @module
 */
import { routes } from "./routes.ts";
import { routeRealtime } from "./websocket.ts";

/** Settings of {@link connect}. */
export type ConnectOptions = {
  /** `id:secret` of a key of the server; not needed while it runs without keys. */
  readonly key?: string;
  /**
   * Also route `fal.realtime`, whose address is fixed in the client: replaces the global WebSocket, for that address only.
   * @defaultValue false
   */
  readonly realtime?: boolean;
};

/** A request as the client's middleware sees it. */
type MiddlewareRequest = { url: string; method: string; headers?: Record<string, string | string[]> };

/** What `fal.config` takes; assignable to the client's own `Config`. */
export type ClientConfig = {
  /** Always set, so that a key of the vendor's in the environment is never sent to this server. */
  credentials: string | (() => string | undefined);
  requestMiddleware: (request: MiddlewareRequest) => Promise<MiddlewareRequest>;
  fetch: typeof fetch;
};

/**
 * The configuration that makes the client talk to this server: `fal.config(connect("http://127.0.0.1:7860"))`.
 *
 * A `proxyUrl` can be added: `fal.config({ ...connect(origin), proxyUrl })`, with the server's own `/api/fal/proxy` or any
 * other proxy that may reach it.
 * @param origin where the server is, with or without a path in front of its routes.
 * @throws TypeError when the origin is no http(s) URL; Error with `realtime` where there is no global WebSocket.
 */
export function connect(origin: string, { key, realtime = false }: ConnectOptions = {}): ClientConfig {
  const route = routes(origin);
  if (realtime) routeRealtime(route);
  return {
    credentials: key ?? (() => undefined),
    requestMiddleware: async (request) => ({ ...request, url: route(request.url) }),
    // Looked up at each call, because tests and frameworks replace it.
    fetch: (input, init) => globalThis.fetch(routed(input, route), init),
  };
}

function routed(input: Parameters<typeof fetch>[0], route: (url: string) => string): Parameters<typeof fetch>[0] {
  if (typeof input === "string") return route(input);
  if (input instanceof URL) return new URL(route(input.href));
  const url = route(input.url);
  return url === input.url ? input : new Request(url, input);
}
