/** Callers that submit, upload, cancel and ask, as fast as they are answered, and write down what they were promised. */
import { randomUUID } from "node:crypto";
import { createFalClient } from "@fal-ai/client";
import { connect } from "../../src/client/index.ts";
import { hash } from "./audit.ts";
import type { Clips } from "./clips.ts";
import type { Ledger, StartedUpload, Submit } from "./ledger.ts";
import type { Random } from "./random.ts";

/** Works in a blink. */
export const MERGE = "fal-ai/ffmpeg-api/merge-audio-video";
/** Takes long enough to be caught at work. */
export const REMOVE = "fal-ai/void-video-inpainting";

/** What the callers share. */
export type TrafficParts = {
  readonly origin: string;
  readonly ledger: Ledger;
  readonly clips: Clips;
  readonly random: Random;
  /** Origin of the receiver of webhooks; without it none is asked for. */
  readonly hooks?: string;
  /** Most submits of one run. @defaultValue no limit */
  readonly maxSubmits?: number;
  /** Longest pause of a caller between two calls, milliseconds. @defaultValue 30 */
  readonly pauseMs?: number;
  /** Answers with these statuses are to be expected besides 2xx and 4xx. */
  readonly tolerated?: readonly number[];
};

/** Callers at work. */
export type Traffic = {
  /** Lets what is under way come to its end, which a killed server brings about at once. */
  stop(): Promise<void>;
};

const TIMEOUT_MS = 20_000;
const CALLERS = 3;

/** Starts the callers. What an earlier life left unanswered is repeated first. */
export function startTraffic(parts: TrafficParts): Traffic {
  const { origin, ledger, clips, random, hooks, maxSubmits = Number.POSITIVE_INFINITY, tolerated = [] } = parts;
  const { pauseMs = 30 } = parts;
  const fal = createFalClient(connect(origin));
  let running = true;
  let submitted = 0;

  /** @returns undefined when the server broke off, or answered with an error that is in the ledger if it must not be. */
  async function ask(path: string, init: RequestInit): Promise<Response | undefined> {
    const response = await fetch(`${origin}${path}`, { signal: AbortSignal.timeout(TIMEOUT_MS), ...init }).catch(
      (error: Error) => {
        if (error.name === "TimeoutError") ledger.violations.push(`${init.method} ${path}: no answer`);
        return undefined;
      },
    );
    if (response && response.status >= 500 && !tolerated.includes(response.status)) {
      ledger.violations.push(`${init.method} ${path}: ${response.status} ${await response.text().catch(String)}`);
      return undefined;
    }
    return response;
  }

  async function answer<T>(path: string, init: RequestInit): Promise<T | undefined> {
    const response = await ask(path, init);
    return response?.ok ? ((await response.json().catch(() => undefined)) as T | undefined) : undefined;
  }

  const json = (body: object, headers: Record<string, string> = {}): RequestInit => ({
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });

  async function submit(one: Submit): Promise<void> {
    ledger.openSubmits.add(one);
    const query = one.hook && hooks ? `?fal_webhook=${encodeURIComponent(`${hooks}${one.hook}`)}` : "";
    const init = json(one.body, { "idempotency-key": one.idempotencyKey });
    const accepted = await answer<{ request_id: string }>(`/queue/${one.endpoint}${query}`, init);
    if (!accepted) return;
    ledger.openSubmits.delete(one);
    ledger.submits.set(accepted.request_id, one);
  }

  function newSubmit(): Submit {
    const idempotencyKey = randomUUID();
    const [video, audio, mask] = (["video", "audio", "mask"] as const).map(
      (name) =>
        `data:${name === "audio" ? "audio/wav" : "video/mp4"};base64,${Buffer.from(clips[name]).toString("base64")}`,
    );
    const isRemoval = random.next() < 0.25;
    return {
      idempotencyKey,
      endpoint: isRemoval ? REMOVE : MERGE,
      body: isRemoval
        ? { video_url: video, quad_mask_video_url: mask, prompt: "" }
        : { video_url: video, audio_url: audio },
      hook: hooks && random.next() < 0.7 ? `/${idempotencyKey}` : null,
    };
  }

  /** As callers do that know nothing of idempotency: the client uploads the media by itself. */
  async function submitWithClient(): Promise<void> {
    const [video_url, audio_url] = [
      new Blob([new Uint8Array(clips.video)], { type: "video/mp4" }),
      new Blob([new Uint8Array(clips.audio)], { type: "audio/wav" }),
    ];
    try {
      const { request_id } = await fal.queue.submit(MERGE, { input: { video_url, audio_url } as never });
      ledger.submits.set(request_id, { idempotencyKey: "", endpoint: MERGE, body: {}, hook: null });
    } catch (error) {
      const status = error instanceof Error && "status" in error ? Number(error.status) : 0;
      if (status >= 500 && !tolerated.includes(status))
        ledger.violations.push(`the client's submit: ${status} ${error}`);
    }
  }

  async function cancel(): Promise<void> {
    const open = [...ledger.submits.keys()].slice(-6);
    if (open.length === 0) return;
    const id = random.pick(open);
    const { endpoint } = ledger.submits.get(id)!;
    const app = endpoint.split("/").slice(0, 2).join("/");
    ledger.askedCancels.add(id);
    const response = await ask(`/queue/${app}/requests/${id}/cancel`, { method: "PUT" });
    if (!response || response.status >= 500) return;
    const { status } = (await response.json().catch(() => ({}))) as { status?: string };
    if (status === "CANCELLATION_REQUESTED" || status === "ALREADY_COMPLETED") ledger.cancels.set(id, status);
    else if (status) ledger.violations.push(`cancel of ${id}: ${response.status} ${status}`);
  }

  async function upload(isMultipart: boolean): Promise<void> {
    const bytes = new Uint8Array(random.between(1, 300_000)).fill(random.between(0, 255));
    const initiation = { content_type: "application/octet-stream", file_name: "chaos.bin" };
    const begun = await answer<{ upload_url: string }>(
      `/rest/storage/upload/initiate${isMultipart ? "-multipart" : ""}`,
      json(initiation),
    );
    if (!begun) return;
    const { pathname, search } = new URL(begun.upload_url);
    const id = /\/uploads\/([\w-]+)/.exec(pathname)![1]!;
    if (isMultipart) await fillParts({ path: pathname, id, bytes }, search);
    else await fill({ path: `${pathname}${search}`, id, bytes });
  }

  async function fill(one: StartedUpload): Promise<void> {
    ledger.openUploads.add(one);
    const body = new Uint8Array(one.bytes);
    const response = await ask(one.path, {
      method: "PUT",
      body,
      headers: { "content-type": "application/octet-stream" },
    });
    if (!response) return;
    await response.text().catch(() => undefined);
    if (response.ok) ledger.uploads.set(one.id, hash(one.bytes));
    else if (response.status < 500) ledger.violations.push(`PUT of ${one.id}: ${response.status}`);
    else return;
    ledger.openUploads.delete(one);
  }

  async function fillParts({ path, id, bytes }: StartedUpload, search: string): Promise<void> {
    const third = Math.ceil(bytes.length / 3);
    const parts: { partNumber: number; etag: string }[] = [];
    for (let start = 0; start < bytes.length; start += third) {
      const body = new Uint8Array(bytes.subarray(start, start + third));
      const stored = await answer<{ partNumber: number; etag: string }>(`${path}/${parts.length + 1}${search}`, {
        method: "PUT",
        body,
      });
      if (!stored) return;
      parts.push(stored);
    }
    if (await answer(`${path}/complete${search}`, json({ parts }))) ledger.uploads.set(id, hash(bytes));
  }

  async function act(): Promise<void> {
    const choice = random.next();
    if (choice < 0.5 && submitted < maxSubmits) {
      submitted++;
      await (random.next() < 0.15 ? submitWithClient() : submit(newSubmit()));
    } else if (choice < 0.57) await cancel();
    else if (choice < 0.8) await upload(false);
    else if (choice < 0.9) await upload(true);
    else {
      const [id, one] = random.pick([...ledger.submits]) ?? [];
      if (id) await ask(`/queue/${one!.endpoint}/requests/${id}/status?logs=1`, { method: "GET" });
    }
  }

  async function caller(): Promise<void> {
    while (running) {
      await act();
      await new Promise((resolve) => setTimeout(resolve, random.between(0, pauseMs)));
    }
  }

  const repeats = [...[...ledger.openSubmits].map(submit), ...[...ledger.openUploads].map(fill)];
  const callers = Array.from({ length: CALLERS }, caller);
  return {
    async stop() {
      running = false;
      await Promise.all([...repeats, ...callers]);
    },
  };
}
