/** Every route of a whole server, with bodies, headers, queries and paths that are nearly right or not at all. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { catalog } from "../../src/endpoints/index.ts";
import { startTarget, type Target } from "../hostile/server.ts";
import { assertWellFormed } from "../hostile/wire.ts";
import { FUZZ_TIMEOUT_MS, fuzz, HANG_MS, headerValue, mutated, nasty, wellFormed } from "./fuzz.ts";

const options = { timeout: FUZZ_TIMEOUT_MS };
const ID = "AAAAAAAAAAAAAAAAAAAAAA";
const VOID = "fal-ai/void-video-inpainting";

/** Endpoints whose work a mutated input would really begin, and wait for. */
const WORKING = new Set([VOID, "fal-ai/ffmpeg-api/merge-audio-video"]);

describe("fuzzed requests", () => {
  let target: Target;
  before(async () => {
    target = await startTarget("--max-body-mb=1", "--max-upload-mb=1");
  });
  after(async () => {
    await target.assertHealthy();
    await target.close();
  });

  const send = async (
    method: string,
    path: string,
    headers: Record<string, string>,
    body: string | Uint8Array<ArrayBuffer>,
  ): Promise<void> => {
    const what = `${method} ${path} ${JSON.stringify(headers)} ${String(body).slice(0, 2000)}`;
    const hasBody = method !== "GET" && method !== "HEAD";
    const reply = await fetch(new URL(path, target.origin), {
      method,
      headers,
      redirect: "manual",
      signal: AbortSignal.timeout(HANG_MS),
      ...(hasBody && { body }),
    }).catch((error: unknown) => assert.fail(`${what}: ${error}`));
    assertWellFormed(reply.status, await reply.text(), what);
    assert.ok(reply.status < 300 || reply.status >= 400, `${what}: a redirect`);
  };

  test("inputs of every endpoint", options, async () => {
    const examples = catalog.all.flatMap(({ id, aliases, examples }) =>
      [id, ...aliases].flatMap((name) => examples.map((example) => ({ name, example: leadingNowhere(example) }))),
    );
    // Submitted, not run: nobody waits for those that are valid.
    const call = fc
      .constantFrom(...examples)
      .chain(({ name, example }) => fc.tuple(fc.constant(name), mutated(example)));
    await fuzz(call, async ([name, input]) => {
      const where = WORKING.has(name)
        ? "/queue"
        : fc.sample(fc.constantFrom("/queue", "/run"), { numRuns: 1, seed: name.length })[0];
      await send("POST", `${where}/${name}`, {}, JSON.stringify(input) ?? "");
    });
  });

  test("all other bodies", options, async () => {
    const bodies: Readonly<Record<string, unknown>> = {
      "/rest/tokens/": { allowed_apps: ["flux"], token_expiration: 120 },
      "/rest/tokens/realtime": { app: "flux", duration: 1 },
      "/rest/storage/upload/initiate": { content_type: "video/mp4", file_name: "a.mp4" },
      "/rest/storage/upload/initiate-multipart": { content_type: "video/mp4", file_name: "a.mp4" },
      "/rest/storage/auth/token": {},
      "/v1/models/pricing/estimate": { estimate_type: "unit_price", endpoints: { [VOID]: { unit_quantity: 1 } } },
      "/api/fal/realtime-token": { app: "flux" },
      "/api/v3/wavespeed-ai/void-video-inpainting/mask": { prompt: "", video: "http://127.0.0.1:1/" },
      "/api/v3/predictions": { page: 1, page_size: 10 },
      "/api/v3/media/uploads": { filename: "a.png", size: 4, content_type: "image/png" },
    };
    const call = fc.constantFrom(...Object.entries(bodies)).chain(([path, body]) =>
      fc.tuple(
        fc.constant(path),
        fc.oneof(
          { weight: 5, arbitrary: mutated(body).map((value) => JSON.stringify(value) ?? "") },
          nasty,
          fc.uint8Array().map((bytes) => Uint8Array.from(bytes)),
        ),
      ),
    );
    await fuzz(call, ([path, body]) => send("POST", path, {}, body));
  });

  test("headers and queries", options, async () => {
    const names = [
      "x-fal-request-timeout",
      "x-fal-queue-priority",
      "x-fal-object-lifecycle",
      "x-fal-object-lifecycle-preference",
      "x-fal-store-io",
      "x-fal-tags",
    ];
    names.push(
      "x-fal-runner-hint",
      "x-fal-no-retry",
      "x-fal-file-name",
      "x-fal-target-url",
      "idempotency-key",
      "authorization",
      "range",
      "if-range",
      "if-none-match",
    );
    names.push(
      "content-type",
      "content-encoding",
      "accept",
      "cookie",
      "sec-fetch-site",
      "x-forwarded-for",
      "upgrade-insecure-requests",
    );
    const headers = fc.dictionary(fc.constantFrom(...names), headerValue, { maxKeys: 4 });
    const parameter = fc.constantFrom(
      "fal_webhook",
      "fal_max_queue_length",
      "logs",
      "fal_jwt_token",
      "endpoint_id",
      "limit",
      "cursor",
      "status",
      "q",
      "category",
      "expand",
      "expires",
      "signature",
      "__proto__",
    );
    const query = fc
      .array(fc.tuple(parameter, nasty), { maxLength: 4 })
      .map((pairs) =>
        new URLSearchParams(pairs.map(([key, value]): [string, string] => [key, wellFormed(value)]))
          .toString()
          .slice(0, 8000),
      );
    const paths = [
      `/queue/${VOID}`,
      `/queue/${VOID}/requests/${ID}`,
      `/queue/${VOID}/requests/${ID}/status/stream`,
      `/cdn/files/${ID}/x`,
      "/cdn/files/upload",
      "/cdn/files/upload/multipart",
    ];
    paths.push(
      `/cdn/uploads/${ID}`,
      `/cdn/uploads/${ID}/complete`,
      "/v1/models",
      "/v1/models/pricing",
      "/api/openapi/queue/openapi.json",
      "/api/fal/proxy",
      "/api/v3/predictions/x/result",
      "/metrics",
      "/",
    );
    const method = fc.constantFrom("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH");
    await fuzz(fc.tuple(method, fc.constantFrom(...paths), headers, query), ([verb, path, more, parameters]) =>
      // As a header, fetch would not send it.
      send(verb, `${path}?${parameters}`, more, "{}"),
    );
  });

  test("paths", options, async () => {
    const segment = fc.oneof(
      nasty.map((text) => encodeURIComponent(wellFormed(text))),
      nasty.map((text) => text.replace(/[?#\s\\]/g, "")),
      fc.constantFrom("queue", "run", "cdn", "files", "uploads", "rest", "v1", "api", "requests", "status", "fal-ai"),
    );
    const path = fc.array(segment, { maxLength: 7 }).map((segments) => `/${segments.join("/")}`.slice(0, 8000));
    await fuzz(fc.tuple(fc.constantFrom("GET", "POST", "PUT"), path), async ([verb, text]) => {
      const url = `${target.origin}${text}`;
      if (URL.canParse(url) && new URL(url).origin === target.origin) await send(verb, url, {}, "{}");
    });
  });
});

/** An example whose URLs lead to a closed port of this machine. */
function leadingNowhere(example: object): unknown {
  return JSON.parse(JSON.stringify(example).replace(/https?:\/\/[^/"]+/g, "http://127.0.0.1:1"));
}
