/** Looks at an input that is still being filled in: what is wrong with it, and what it would cost. */
import type { Catalog } from "../endpoints/catalog.ts";
import type { Endpoint, PriceFacts } from "../endpoints/endpoint.ts";
import { isRecord } from "../endpoints/json-schema.ts";
import { parseInput } from "../endpoints/validate.ts";
import { fieldError, ReshootError } from "../errors.ts";
import type { MediaInfo } from "../operations/operations.ts";
import type { Router } from "../runner/router.ts";
import type { CheckReply, IssueView } from "./api.ts";

/** Stands in for texts and URLs that are not filled in yet; no price depends on which they are. */
const PLACEHOLDER = "https://example.com/";
/** Longest video whose facts are believed, seconds; the runner looks for itself. */
const LONGEST = 24 * 3600;

/**
 * Checks the body of a {@link CheckCall}.
 * @throws ReshootError when the call itself is not one.
 */
export function checkInput(body: unknown, catalog: Catalog, router: Router): CheckReply {
  if (!isRecord(body)) throw fieldError("dict_type", ["body"], "Input should be a valid dictionary");
  const endpoint = typeof body.endpoint === "string" ? catalog.find(body.endpoint) : undefined;
  if (!endpoint) throw new ReshootError("not_found", "Endpoint not found");
  const issues = issuesOf(endpoint, body.input, router);
  return { issues, price: priceOf(endpoint, body.input, readFacts(body.media)) };
}

function issuesOf(endpoint: Endpoint, input: unknown, router: Router): IssueView[] {
  try {
    router.route(endpoint, parseInput(endpoint, input).input);
    return [];
  } catch (error) {
    if (!(error instanceof ReshootError)) throw error;
    return error.issues.map(({ loc, msg, type }) => ({ loc, msg, type }));
  }
}

function priceOf(endpoint: Endpoint, input: unknown, facts: PriceFacts, roundsLeft = 3): CheckReply["price"] {
  try {
    const units = endpoint.price.units(parseInput(endpoint, input).input, facts);
    return { units, dollars: Math.round(units * endpoint.price.unitPrice * 1e6) / 1e6 };
  } catch (error) {
    if (!(error instanceof ReshootError)) throw error;
    const missing = error.issues.filter(({ type, loc }) => type === "missing" && loc.length === 2);
    if (missing.length === 0 || roundsLeft === 0 || !isRecord(input)) return null;
    const filled = Object.fromEntries(missing.map(({ loc }) => [String(loc[1]), PLACEHOLDER]));
    return priceOf(endpoint, { ...input, ...filled }, facts, roundsLeft - 1);
  }
}

/** The facts a price may depend on, as the page measured them. */
function readFacts(media: unknown): PriceFacts {
  if (!isRecord(media)) return {};
  const number = (name: string, most: number): number => {
    const value = media[name];
    return typeof value === "number" && value > 0 ? Math.min(value, most) : 0;
  };
  const duration = number("duration", LONGEST);
  if (duration === 0) return {};
  const [width, height, fps] = [number("width", 16384), number("height", 16384), number("fps", 1000) || 30];
  const info: MediaInfo = { container: "", duration, bitrate: 0, size: 0 };
  if (width === 0 || height === 0) return { media: info };
  const video = {
    codec: "",
    width,
    height,
    fps,
    frameCount: Math.round(duration * fps),
    duration,
    bitrate: 0,
    pixelFormat: "",
    rotation: 0,
    sampleAspect: [1, 1],
    timeBase: [1, 1000],
  } as const;
  return { media: { ...info, video } };
}
