/** The one way the app talks with its server: same origin, the key in a header, errors as values that name fields. */
import type { CatalogReply, EndpointDetail, IssueView } from "../../../src/playground/api.ts";
import { forgetKey, storedKey } from "./key.ts";

/** A failure that the server explained, or that kept us from reaching it. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  readonly issues: readonly IssueView[];

  constructor(status: number, message: string, issues: readonly IssueView[] = []) {
    super(message);
    this.status = status;
    this.issues = issues;
  }
}

/** What a call may say besides its path. */
export type CallOptions = {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
};

/** Calls a path of this server. @throws ApiError for anything but a 2xx. */
export async function call(path: string, options: CallOptions = {}): Promise<Response> {
  const { method = options.body === undefined ? "GET" : "POST", body, signal } = options;
  const key = storedKey();
  const headers: Record<string, string> = { ...options.headers };
  if (body !== undefined) headers["content-type"] = "application/json";
  // The one spelling that every dialect of the server takes.
  if (key) headers.authorization ??= `Bearer ${key}`;
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers,
      signal,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, "The server cannot be reached. Is it still running?");
  }
  if (response.ok) return response;
  if (response.status === 401 && key) forgetKey();
  throw await explained(response);
}

/** Calls a path and reads its JSON. */
export async function json<T>(path: string, options?: CallOptions): Promise<T> {
  const response = await call(path, options);
  return (await response.json()) as T;
}

/** The error that a reply of any of the server's dialects describes. */
export async function explained(response: Response): Promise<ApiError> {
  const body = (await response.json().catch(() => undefined)) as
    | { detail?: unknown; message?: unknown; issues?: unknown; data?: { error?: unknown } }
    | undefined;
  const issues = (
    Array.isArray(body?.detail) ? body.detail : Array.isArray(body?.issues) ? body.issues : []
  ) as IssueView[];
  const text = [body?.detail, body?.message, body?.data?.error, issues[0]?.msg].find(
    (candidate) => typeof candidate === "string" && candidate !== "",
  );
  return new ApiError(response.status, String(text ?? `The server answered with status ${response.status}.`), issues);
}

/** Lines of newline-delimited JSON, as they come. */
export async function* ndjson<T>(path: string, signal: AbortSignal): AsyncGenerator<T, void, undefined> {
  const response = await call(path, { signal });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  while (reader) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line !== "") yield JSON.parse(line) as T;
  }
}

let catalog: Promise<CatalogReply> | undefined;
/** The catalog, asked for once. */
export function loadCatalog(): Promise<CatalogReply> {
  catalog ??= json<CatalogReply>("/playground/api/catalog").catch((error) => {
    catalog = undefined;
    throw error;
  });
  return catalog;
}

const details = new Map<string, Promise<EndpointDetail>>();
/** One endpoint with its schemas, asked for once. */
export function loadEndpoint(id: string): Promise<EndpointDetail> {
  const path = id.split("/").map(encodeURIComponent).join("/");
  const known = details.get(id) ?? json<EndpointDetail>(`/playground/api/endpoints/${path}`);
  details.set(id, known);
  known.catch(() => details.delete(id));
  return known;
}

/**
 * A URL of this server as a path, so that pages reach it under whatever name they know the server by; other URLs are left
 * as they are.
 */
export function localUrl(url: string): string {
  try {
    const { pathname, search } = new URL(url, location.origin);
    return pathname.startsWith("/cdn/") ? `${pathname}${search}` : url;
  } catch {
    return url;
  }
}

/** Whether the page may show what is at a URL: its own files, and what the visitor just chose. */
export function isShowable(url: string): boolean {
  return /^(blob:|data:)/.test(url) || localUrl(url).startsWith("/cdn/");
}
