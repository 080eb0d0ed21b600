/** A receiver of webhooks for tests: a real server that answers as each test says. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** One POST as it arrived. */
export type Received = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
};

/** A listening receiver. */
export type Receiver = {
  /** Where it listens, for example `http://127.0.0.1:3456`. */
  readonly origin: string;
  /** In order of arrival. */
  readonly received: readonly Received[];
  /** Paths of what arrived, sorted. */
  paths(): string[];
  /** Most POSTs that were open at once. */
  readonly most: number;
  close(): Promise<void>;
};

/** Starts a receiver on a free port of this machine. @param answer by default 200 at once */
export async function startReceiver(
  answer: (response: ServerResponse, request: Received) => void = (response) => response.end(),
  port = 0,
): Promise<Receiver> {
  const received: Received[] = [];
  let open = 0;
  let most = 0;
  const server = createServer(async (request, response) => {
    most = Math.max(most, ++open);
    response.on("close", () => open--);
    try {
      const body = await buffer(request);
      const arrived = { method: request.method ?? "", path: request.url ?? "", headers: request.headers, body };
      received.push(arrived);
      answer(response, arrived);
    } catch {
      response.destroy();
    }
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    paths: () => received.map(({ path }) => path).sort(),
    get most() {
      return most;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Waits until something is so. @throws Error after ten seconds */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`Not so within ten seconds: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
