/**
 * The plain port as an HTTPS proxy, for the vendors' names only: what a program sends to `https://queue.fal.run` through
 * it ends at our own TLS listener. It never opens a connection to anywhere, so it cannot be used to reach other hosts.
 */
import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { FastifyInstance } from "fastify";
import { isLoopbackHost } from "../config.ts";
import { isVendorName } from "./hosts.ts";
import type { TlsListener } from "./listener.ts";

/**
 * Answers CONNECT (RFC 9110 §9.3.6) for a vendor's name on port 443 with a tunnel, and anything else with 403 and the reason.
 * @param tls where tunnels end; undefined when takeover is off: every CONNECT is refused.
 * @param loopbackOnly whether peers on other machines are refused: nobody there could be told from the owner without keys.
 */
export function acceptConnect(
  server: Server,
  tls: Pick<TlsListener, "accept"> | undefined,
  { loopbackOnly }: { readonly loopbackOnly: boolean },
): void {
  server.on("connect", (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    const socket = stream as Socket;
    // From here on nobody else listens for errors of this connection.
    socket.on("error", () => socket.destroy());
    socket.setTimeout(0);
    const target = request.url ?? "";
    if (!tls) return refuse(socket, "this server was started without --tls-port, so it takes no CONNECT requests");
    if (loopbackOnly && !isLoopbackPeer(socket)) {
      return refuse(socket, "this server has no keys and answers only on this machine");
    }
    const [, host, port] = /^([^:]+):(\d+)$/.exec(target) ?? [];
    if (!host || port !== "443" || !isVendorName(host)) {
      return refuse(
        socket,
        `this is not an open proxy: it takes CONNECT for the vendors' names on port 443 only, not for ${printable(target)}. ` +
          "Name other hosts in NO_PROXY",
      );
    }
    socket.write("HTTP/1.1 200 Connection Established\r\n\r\n", () => {
      if (!socket.destroyed) tls.accept(socket, head);
    });
  });
}

/**
 * Refuses requests in absolute form (`GET http://host/path`), which clients send to a proxy. The router would ignore the
 * host and answer them as its own. Add it before the guard and all routes.
 */
export function refuseProxyRequests(app: FastifyInstance): void {
  app.addHook("onRequest", (request, reply, done) => {
    const { originalUrl, method } = request;
    if (originalUrl.startsWith("/") || (originalUrl === "*" && method === "OPTIONS")) return done();
    if (originalUrl === "*") return reply.code(400).send({ detail: "The URL is not valid" });
    return reply.code(403).send({
      detail:
        "This server is no proxy for http:// requests. Set HTTPS_PROXY, not HTTP_PROXY, to reach it by the vendors' names",
    });
  });
}

function refuse(socket: Socket, reason: string): void {
  const body = `Reshoot: ${reason}.\n`;
  const head = [
    "HTTP/1.1 403 Forbidden",
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
  ];
  socket.write(`${head.join("\r\n")}\r\n\r\n${body}`);
  socket.destroySoon();
}

function isLoopbackPeer(socket: Socket): boolean {
  return isLoopbackHost((socket.remoteAddress ?? "").replace(/^::ffff:/i, ""));
}

function printable(target: string): string {
  return target.replace(/[^\x21-\x7e]/g, "?").slice(0, 100);
}
