/** The same server over TLS: whatever arrives here is handled by the plain server's own listeners. */
import type { IncomingMessage, Server as PlainServer, ServerResponse } from "node:http";
import { createServer, type Server as SecureServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { FastifyBaseLogger } from "fastify";
import type { Authority } from "./authority.ts";

/** A TLS port in front of a plain server. */
export type TlsListener = {
  readonly port: number;
  /**
   * Speaks TLS on a connection that came in elsewhere, a tunnel. The socket must not have been read from.
   * @param head bytes that came before the tunnel was granted.
   */
  accept(socket: Socket, head: Uint8Array): void;
  /** Stops listening and ends every connection, tunnels included. */
  close(): Promise<void>;
};

const HANDSHAKE_MS = 10_000;
const RENEWAL_CHECK_MS = 12 * 3600_000;
const RENEW_BEFORE_MS = 30 * 24 * 3600_000;

/**
 * Starts listening. HTTP/1.1 only: HTTP/2 has no reason phrases, which the JavaScript client shows its users.
 * The certificate is replaced by itself 30 days before it ends; open connections are not affected.
 * @param server the plain server: its request, upgrade and error listeners and its timeouts hold here too. Its `upgrade`
 *   listeners must be there already.
 * @throws Error naming the port when it cannot be listened on.
 */
export async function createTlsListener({
  server: plain,
  authority,
  host,
  port,
  log,
}: {
  readonly server: PlainServer;
  readonly authority: Authority;
  readonly host: string;
  readonly port: number;
  readonly log: Pick<FastifyBaseLogger, "info" | "error">;
}): Promise<TlsListener> {
  let certificate = await authority.issue();
  const secure = createServer({
    cert: certificate.cert,
    key: certificate.key,
    minVersion: "TLSv1.2",
    handshakeTimeout: HANDSHAKE_MS,
  });
  shareListeners(plain, secure);
  const sockets = trackSockets(secure);

  async function renew(): Promise<void> {
    if (certificate.expiresAt - Date.now() > RENEW_BEFORE_MS) return;
    certificate = await authority.issue();
    secure.setSecureContext({ cert: certificate.cert, key: certificate.key, minVersion: "TLSv1.2" });
    log.info(`renewed the TLS certificate, good until ${new Date(certificate.expiresAt).toISOString()}`);
  }
  await listen(secure, host, port);
  const timer = setInterval(() => {
    renew().catch((error) => log.error({ err: error }, "could not renew the TLS certificate"));
  }, RENEWAL_CHECK_MS);
  timer.unref();

  return {
    port: (secure.address() as AddressInfo).port,
    accept(socket, head) {
      if (!secure.listening) {
        socket.destroy();
        return;
      }
      if (head.length > 0) socket.unshift(head);
      secure.emit("connection", socket);
    },
    async close() {
      clearInterval(timer);
      const closed = new Promise((resolve) => secure.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function shareListeners(plain: PlainServer, secure: SecureServer): void {
  secure.on("request", (request: IncomingMessage, response: ServerResponse) => {
    plain.emit("request", request, response);
  });
  // A listener would turn every request that asks for an upgrade, to HTTP/2 for example, into one that nobody answers.
  if (plain.listenerCount("upgrade") > 0) {
    secure.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      plain.emit("upgrade", request, socket, head);
    });
  }
  secure.on("clientError", (error: Error, socket: Duplex) => {
    if (!plain.emit("clientError", error, socket)) socket.destroy();
  });
  // Node's own limit on a whole request, five minutes, is too short for uploads; the plain server's is chosen.
  secure.requestTimeout = plain.requestTimeout;
  secure.headersTimeout = plain.headersTimeout;
  secure.keepAliveTimeout = plain.keepAliveTimeout;
  secure.timeout = plain.timeout;
}

/** Every connection, also those that have not come as far as a request, and tunnels. */
function trackSockets(secure: SecureServer): Set<Socket> {
  const sockets = new Set<Socket>();
  secure.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  return sockets;
}

function listen(secure: SecureServer, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    secure.once("error", (error: NodeJS.ErrnoException) => {
      const hint = error.code === "EACCES" ? ": ports below 1024 need a privilege (docs/takeover.md)" : "";
      reject(new Error(`cannot listen on --tls-port ${port} of ${host} (${error.code ?? error.message})${hint}`));
    });
    secure.listen(port, host, resolve);
  });
}
