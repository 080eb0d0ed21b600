/** The test server of the fal dialect with this dialect beside it, and a way to call it without a client. */

import { addressPolicy } from "../../src/config.ts";
import { voidVideoInpainting, wavespeedVoid } from "../../src/endpoints/void.ts";
import { createWebhookDeliverer } from "../../src/requests/webhooks.ts";
import { createWavespeedWebhooks, registerWavespeed } from "../../src/wavespeed/index.ts";
import { startFalServer, type TestServer, testEndpoint, type Worker } from "../fal/server.ts";

/** WaveSpeed's own model. */
export const VOID = "wavespeed-ai/void-video-inpainting/mask";
/** An endpoint of fal's as a model of this dialect. */
export const EDIT = "reshoot/test-owner/edit";

/** An answer's status and JSON. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes.
export type Answer = { readonly status: number; readonly body: any };

/** A running test server of both dialects. */
export type WavespeedServer = TestServer & {
  /** Calls a path below `/api/v3`. */
  call(path: string, body?: unknown, init?: RequestInit): Promise<Answer>;
};

/** Starts a server whose sync mode waits `syncWaitMs`. */
export async function startWavespeedServer(
  options: { env?: Record<string, string>; syncWaitMs?: number; key?: string } = {},
): Promise<WavespeedServer> {
  const { syncWaitMs = 30_000, key = "any", env } = options;
  const server = await startFalServer({
    ...(env && { env }),
    endpoints: [
      wavespeedVoid,
      voidVideoInpainting,
      testEndpoint("test-owner/edit", { aliases: ["test-owner/edit-alias"] }),
      testEndpoint("test-owner/live/realtime", { transport: "realtime" }),
    ],
    register: (app, services) => registerWavespeed(app, services, { syncWaitMs }),
  });
  const webhooks = createWebhookDeliverer({
    store: server.services.store,
    events: server.services.events,
    dialects: { wavespeed: createWavespeedWebhooks(server.services) },
    policy: addressPolicy(server.services.config),
    log: server.services.log,
  });
  await webhooks.start();
  server.setWorker(oneFile);
  return {
    ...server,
    async call(path, body, init = {}) {
      const response = await fetch(`${server.origin}/api/v3${path}`, {
        method: body === undefined ? "GET" : "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        ...init,
      });
      return { status: response.status, body: await response.json() };
    },
    async close() {
      await webhooks.stop();
      await server.close();
    },
  };
}

/** Answers with one file. */
export const oneFile: Worker = async ({ file }) => ({
  video: await file(Buffer.from("not really a video"), "video/mp4", "out.mp4"),
  seed: 7,
});

/** Follows a prediction to its end. */
export async function settled(server: WavespeedServer, id: string): Promise<Answer["body"]> {
  while (true) {
    const { body } = await server.call(`/predictions/${id}/result`);
    if (body.data.status !== "created" && body.data.status !== "processing") return body.data;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
