/**
 * What the server under measurement can do: nothing. Its endpoints take VOID's input, by VOID's own schema, and their work
 * is to say when it began.
 */
import type { Config } from "../../src/config.ts";
import { createCatalog } from "../../src/endpoints/catalog.ts";
import type { Endpoint } from "../../src/endpoints/endpoint.ts";
import { catalog as product } from "../../src/endpoints/index.ts";
import type { Engine } from "../../src/engines/engine.ts";
import type { OperationName } from "../../src/operations/operations.ts";

/** A request as its caller would send it. */
export const INPUT = {
  video_url: "https://example.com/clips/street.mp4",
  mask_video_url: "https://example.com/clips/street-mask.mp4",
  prompt: "an empty street in the morning",
  seed: 42,
};

/** The endpoint whose requests are worked on, and the one whose requests only ever wait. */
export const ENDPOINTS = { work: "bench/work", wait: "bench/wait" } as const;

/** As many at once as the rival's worker. */
export const SLOTS = 2;

/** Wall clock in milliseconds, with fractions: comparable between processes of one machine. */
export function wallClock(): number {
  return performance.timeOrigin + performance.now();
}

const model = product.find("fal-ai/void-video-inpainting")!;

function endpoint(id: string, operation: OperationName): Endpoint {
  return {
    ...model,
    id,
    aliases: [],
    needs: () => [{ operation, loc: ["body"] }],
    run: async () => ({ started_at: wallClock() }),
  };
}

function engine(name: string, operation: OperationName, slots: number): Engine {
  return {
    name,
    slots,
    summary: "Does nothing",
    operations: [operation],
    start: async () => undefined,
    openJob: async () => ({ operations: {}, close: async () => undefined }),
    stop: async () => undefined,
  };
}

/** For the server and its runner alike. */
export const abilities = {
  catalog: createCatalog([endpoint(ENDPOINTS.work, "probe"), endpoint(ENDPOINTS.wait, "muxAudio")]),
  createEngines: (_config: Config): Engine[] => [engine("work", "probe", SLOTS), engine("wait", "muxAudio", 0)],
};
