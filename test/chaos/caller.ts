/** One caller of a server, for tests that follow single requests. */
import type { Clips } from "./clips.ts";

/** An answer with its body read; the shape of the body is the test's business. */
export type Answer<T = Record<string, unknown>> = { readonly status: number; readonly body: T };

/** A caller that never waits for ever. */
export type Caller = {
  ask<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: string | Uint8Array<ArrayBuffer>,
  ): Promise<Answer<T>>;
  /** @returns the request's id. @throws Error with the answer when it was refused. */
  submit(endpoint: string, body: object): Promise<string>;
  /** IN_QUEUE, IN_PROGRESS or COMPLETED. */
  status(endpoint: string, id: string): Promise<string>;
};

const TIMEOUT_MS = 20_000;

/** A caller without a key. @throws Error from each method when there is no answer within 20 s, or no JSON in it */
export function createCaller(origin: string): Caller {
  const ask: Caller["ask"] = async <T>(method: string, path: string, body?: string | Uint8Array<ArrayBuffer>) => {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(`${origin}${path}`, { method, signal, ...(body !== undefined && { body }) });
    const text = await response.text();
    try {
      return { status: response.status, body: JSON.parse(text) as T };
    } catch {
      throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 200)}`);
    }
  };
  return {
    ask,
    async submit(endpoint, input) {
      const { status, body } = await ask<{ request_id: string }>("POST", `/queue/${endpoint}`, JSON.stringify(input));
      if (status !== 200) throw new Error(`refused: ${status} ${JSON.stringify(body)}`);
      return body.request_id;
    },
    async status(endpoint, id) {
      const { body } = await ask<{ status: string }>("GET", `/queue/${appOf(endpoint)}/requests/${id}/status`);
      return body.status;
    },
  };
}

/** Owner and alias of an endpoint: what its requests are followed under. */
export function appOf(endpoint: string): string {
  return endpoint.split("/").slice(0, 2).join("/");
}

/** The input of a removal, with its media inline. */
export function removal(clips: Clips): object {
  return { video_url: dataUri(clips.video), quad_mask_video_url: dataUri(clips.mask), prompt: "" };
}

/** The input of a merge, with its media inline. */
export function merge(clips: Clips): object {
  return { video_url: dataUri(clips.video), audio_url: dataUri(clips.audio, "audio/wav") };
}

function dataUri(bytes: Uint8Array, type = "video/mp4"): string {
  return `data:${type};base64,${Buffer.from(bytes).toString("base64")}`;
}
