/** Endpoint ids and the paths the clients build from them (the client's own parsing is `parseEndpointId` in utils.ts). */

const NAMESPACES = new Set(["workflows", "comfy"]);

/** An endpoint id taken apart: `[namespace/]owner/alias[/path]`. */
export type EndpointPath = {
  readonly namespace?: string;
  readonly owner: string;
  readonly alias: string;
  readonly path?: string;
  /** `[namespace/]owner/alias`: all that follow-up URLs carry. */
  readonly app: string;
  /** The whole id; `digits-alias` is written `digits/alias`. */
  readonly id: string;
};

/** What a path below the queue's host means. */
export type QueuePath =
  | { readonly kind: "endpoint"; readonly endpoint: EndpointPath }
  | {
      readonly kind: "request";
      readonly endpoint: EndpointPath;
      readonly requestId: string;
      readonly action: "result" | "status" | "status/stream" | "cancel";
    };

/**
 * Takes an id or path apart. Slashes at both ends do not count.
 * @returns undefined when it is no `owner/alias`, or has empty or dot segments.
 */
export function parseEndpointId(id: string): EndpointPath | undefined {
  let segments = trimSlashes(id).split("/");
  if (segments.length === 1) segments = /^(\d+)-([a-zA-Z0-9-]+)$/.exec(segments[0]!)?.slice(1, 3) ?? [];
  if (segments.some((segment) => segment === "" || segment === "." || segment === "..")) return undefined;
  const first = NAMESPACES.has(segments[0] ?? "") ? 1 : 0;
  const [owner, alias] = [segments[first], segments[first + 1]];
  if (!owner || !alias) return undefined;
  return {
    ...(first === 1 && { namespace: segments[0]! }),
    owner,
    alias,
    ...(segments.length > first + 2 && { path: segments.slice(first + 2).join("/") }),
    app: segments.slice(0, first + 2).join("/"),
    id: segments.join("/"),
  };
}

/** A path without the slashes at its ends. A regular expression would take quadratic time over the slashes inside. */
export function trimSlashes(path: string): string {
  let [start, end] = [0, path.length];
  while (path[start] === "/") start++;
  while (end > start && path[end - 1] === "/") end--;
  return path.slice(start, end);
}

/**
 * Reads a path of the queue's host. The segment `requests` after the alias (or after the full id, which some hand-written
 * clients use) is reserved: it never belongs to an endpoint id.
 */
export function parseQueuePath(path: string): QueuePath | undefined {
  const parsed = parseEndpointId(path);
  if (!parsed) return undefined;
  const rest = parsed.path?.split("/") ?? [];
  const reserved = rest.indexOf("requests");
  if (reserved === -1) return { kind: "endpoint", endpoint: parsed };
  const endpoint = parseEndpointId([parsed.app, ...rest.slice(0, reserved)].join("/"));
  const requestId = rest[reserved + 1];
  const action = ACTIONS.get(rest.slice(reserved + 2).join("/"));
  return endpoint && requestId && action ? { kind: "request", endpoint, requestId, action } : undefined;
}

const ACTIONS: ReadonlyMap<string, (QueuePath & { kind: "request" })["action"]> = new Map([
  ["", "result"],
  ["response", "result"],
  ["status", "status"],
  ["status/stream", "status/stream"],
  ["cancel", "cancel"],
] as const);
