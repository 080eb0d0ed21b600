/** TLS takeover: programs that only know the vendors' names reach this server (docs/takeover.md). */
import type { FastifyInstance } from "fastify";
import type { Config } from "../config.ts";
import { acceptConnect } from "./connect-proxy.ts";

export { refuseProxyRequests } from "./connect-proxy.ts";
export { isVendorName } from "./hosts.ts";

/** What takeover adds to a running server. */
export type Takeover = {
  /** Loopback origins of the TLS port, for example `https://localhost:7861`; empty when takeover is off. */
  readonly origins: readonly string[];
  /** The certificate that programs must trust; undefined when takeover is off. */
  readonly caPath: string | undefined;
  /** Ends every TLS connection and tunnel. Close it before the plain server, which waits for its tunnels. */
  close(): Promise<void>;
};

/**
 * Opens the TLS port and takes CONNECT requests on the plain one; without a TLS port it only refuses the latter.
 * Call it when the app is ready, so that its WebSocket routes are known, and the data folder is locked.
 * @throws Error when the port cannot be listened on or the authority is damaged.
 */
export async function startTakeover(
  app: FastifyInstance,
  config: Pick<Config, "host" | "data" | "keys"> & { readonly tlsPort: number | undefined },
): Promise<Takeover> {
  const loopbackOnly = config.keys.length === 0;
  if (config.tlsPort === undefined) {
    acceptConnect(app.server, undefined, { loopbackOnly });
    return { origins: [], caPath: undefined, close: async () => {} };
  }
  // Only where they are used: what signs certificates takes long to load.
  const [{ openAuthority }, { createTlsListener }] = await Promise.all([
    import("./authority.ts"),
    import("./listener.ts"),
  ]);
  const authority = await openAuthority(config.data);
  const listener = await createTlsListener({
    server: app.server,
    authority,
    host: config.host,
    port: config.tlsPort,
    log: app.log,
  });
  acceptConnect(app.server, listener, { loopbackOnly });
  return {
    origins: ["localhost", "127.0.0.1", "[::1]"].map((name) => `https://${name}:${listener.port}`),
    caPath: authority.caPath,
    close: () => listener.close(),
  };
}
