/** The one way by which media that callers point to comes in: guarded against reaching inwards, endless and slow bodies. */
import { pipeline, type Readable, Transform } from "node:stream";
import type { Dispatcher } from "undici";
import { fieldError, type Loc, ReshootError } from "../errors.ts";
import { type AddressPolicy, policyAfter } from "./address.ts";
import { normalizeContentType } from "./content.ts";
import { sanitizeFileName } from "./file-name.ts";
import { type Lookup, openConnection, RefusedUrlError, readRemoteUrl } from "./guarded-connection.ts";

/** Policy and waiting times; all times in milliseconds. */
export type FetcherOptions = AddressPolicy & {
  /** The system's resolver by default. */
  readonly lookup?: Lookup;
  /** For the TCP and TLS handshake; 10 s. */
  readonly connectTimeoutMs?: number;
  /** From the start of a hop (name lookup included) to the end of its headers; 30 s. */
  readonly headersTimeoutMs?: number;
  /** Between two pieces of the body; 30 s. */
  readonly idleTimeoutMs?: number;
};

/** What one download may cost, and the input field that errors name. */
export type FetchLimits = {
  readonly maxBytes: number;
  /** From the call to the last byte, redirects included. */
  readonly timeoutMs: number;
  readonly loc: Loc;
  readonly signal?: AbortSignal;
};

/** A download under way. */
export type FetchedFile = {
  /** Fails with a ReshootError that names the field. Destroy it when it is not read to its end. */
  readonly body: Readable;
  /** As the server declared it; `application/octet-stream` when it did not. Never trusted. */
  readonly contentType: string;
  /** From the last segment of the final URL; may be empty. */
  readonly fileName: string;
  /** Bytes as declared, null when not. */
  readonly contentLength: number | null;
};

/** Downloads remote inputs. */
export type Fetcher = {
  /**
   * Resolves when the headers are there.
   * @throws `url_parsing`; `file_download_error` for refused addresses, failures, time-outs and answers that are not 2xx;
   *   `file_too_large` for too many bytes, declared or counted; the signal's reason when it aborts.
   */
  fetch(url: string, limits: FetchLimits): Promise<FetchedFile>;
};

const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Makes a fetcher. Private addresses are reached only with `allowPrivate`, this machine only with `allowLoopback`. */
export function createFetcher(options: FetcherOptions): Fetcher {
  return {
    async fetch(text, limits) {
      const deadline = new Deadline(limits);
      let url = readInputUrl(text, limits.loc);
      let policy: AddressPolicy = options;
      deadline.start();
      try {
        for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
          const { response, scope, release } = await openHop(url, policy, options, deadline);
          const location = REDIRECTS.has(response.statusCode) ? response.headers.location : undefined;
          if (location === undefined) {
            try {
              return receive(url, response, limits, deadline, release);
            } catch (thrown) {
              release();
              throw thrown;
            }
          }
          release();
          url = readRemoteUrl(String(location), url);
          policy = policyAfter(scope, policy);
        }
        throw fieldError("file_download_error", limits.loc, `The URL redirects more than ${MAX_REDIRECTS} times`);
      } catch (thrown) {
        const error = deadline.explain(thrown, "The file could not be downloaded: the server cannot be reached");
        deadline.end();
        throw error;
      }
    },
  };
}

type Hop = {
  readonly response: Dispatcher.ResponseData;
  readonly scope: Awaited<ReturnType<typeof openConnection>>["scope"];
  readonly release: () => void;
};

async function openHop(url: URL, policy: AddressPolicy, options: FetcherOptions, deadline: Deadline): Promise<Hop> {
  const { lookup, connectTimeoutMs = 10_000, headersTimeoutMs = 30_000, idleTimeoutMs = 30_000 } = options;
  const clearHeadersTimer = deadline.limit(headersTimeoutMs, "The file could not be downloaded: no answer in time");
  try {
    const opening = openConnection(url, { policy, lookup, connectTimeoutMs, idleTimeoutMs });
    const { agent, scope } = await deadline.race(opening);
    const release = () => void agent.destroy().catch(() => {});
    try {
      const response = await agent.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: "GET",
        signal: deadline.signal,
        headers: { accept: "*/*", "accept-encoding": "identity", "user-agent": "reshoot" },
      });
      // Whoever reads the body hears of its errors; before that, nobody has to.
      response.body.on("error", () => {});
      return { response, scope, release };
    } catch (thrown) {
      release();
      throw thrown;
    }
  } finally {
    clearHeadersTimer();
  }
}

function receive(
  url: URL,
  response: Dispatcher.ResponseData,
  limits: FetchLimits,
  deadline: Deadline,
  release: () => void,
): FetchedFile {
  const { maxBytes, loc } = limits;
  const fail = (message: string) => fieldError("file_download_error", loc, message);
  const status = response.statusCode;
  // 206 would be a piece that nobody asked for.
  if (status < 200 || status > 299 || status === 206) {
    throw fail(`The file could not be downloaded: the server answered ${status}`);
  }
  const encoding = single(response.headers["content-encoding"]);
  if (encoding !== undefined && encoding.trim().toLowerCase() !== "identity") {
    throw fail("The file could not be downloaded: the server compresses it although asked not to");
  }
  const declared = single(response.headers["content-length"]);
  const contentLength = declared !== undefined && /^\d+$/.test(declared) ? Number(declared) : null;
  const tooLarge = () =>
    fieldError("file_too_large", loc, `The file is larger than ${maxBytes} bytes`, { ctx: { max_size: maxBytes } });
  if (contentLength !== null && contentLength > maxBytes) throw tooLarge();

  let size = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      size += chunk.length;
      if (size > maxBytes) callback(tooLarge());
      else callback(null, chunk);
    },
    destroy(error, callback) {
      callback(error && deadline.explain(error, "The file could not be downloaded: the connection broke off"));
    },
  });
  const body = pipeline(response.body, counted, () => {
    deadline.end();
    release();
  });
  return {
    body,
    contentType: normalizeContentType(single(response.headers["content-type"])),
    fileName: fileNameOf(url),
    contentLength,
  };
}

/** The time and the caller's patience for one download, as one signal. */
class Deadline {
  readonly #controller = new AbortController();
  readonly #limits: FetchLimits;
  readonly #onAbort = () => this.#controller.abort(this.#limits.signal?.reason);
  #clear: () => void = () => {};

  constructor(limits: FetchLimits) {
    this.#limits = limits;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  start(): void {
    const { signal, timeoutMs } = this.#limits;
    if (signal?.aborted) this.#onAbort();
    signal?.addEventListener("abort", this.#onAbort, { once: true });
    this.#clear = this.limit(timeoutMs, `The file could not be downloaded within ${timeoutMs / 1000} seconds`);
  }

  end(): void {
    this.#clear();
    this.#limits.signal?.removeEventListener("abort", this.#onAbort);
  }

  /** Ends the download after `ms`. @returns a function that calls it off. */
  limit(ms: number, message: string): () => void {
    const timer = setTimeout(
      () => this.#controller.abort(fieldError("file_download_error", this.#limits.loc, message)),
      ms,
    );
    return () => clearTimeout(timer);
  }

  /** Waits for a connection no longer than the download may last; one that comes too late is destroyed. */
  async race<T extends { agent: Dispatcher }>(opening: Promise<T>): Promise<T> {
    const { signal } = this;
    let onAbort = () => {};
    const aborted = new Promise<never>((_resolve, reject) => {
      onAbort = () => reject(signal.reason);
      if (signal.aborted) onAbort();
      signal.addEventListener("abort", onAbort, { once: true });
    });
    try {
      return await Promise.race([opening, aborted]);
    } catch (thrown) {
      if (signal.aborted) void opening.then(({ agent }) => agent.destroy()).catch(() => {});
      throw thrown;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** What the caller is told when the download stops with `thrown`. */
  explain(thrown: unknown, otherwise: string): Error {
    if (thrown instanceof ReshootError) return thrown;
    if (this.signal.aborted) return asError(this.signal.reason);
    const { loc } = this.#limits;
    if (thrown instanceof RefusedUrlError)
      return fieldError("file_download_error", loc, thrown.message, { cause: thrown });
    const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
    const slow = /^UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT$/.test(code);
    const message = slow ? "The file could not be downloaded: the server is too slow" : otherwise;
    return fieldError("file_download_error", loc, message, { cause: thrown });
  }
}

function readInputUrl(text: string, loc: Loc): URL {
  try {
    return readRemoteUrl(text);
  } catch (thrown) {
    if (thrown instanceof RefusedUrlError) throw fieldError("url_parsing", loc, thrown.message, { cause: thrown });
    throw thrown;
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error("The download was aborted", { cause: reason });
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(", ") : value;
}

function fileNameOf(url: URL): string {
  const segment = url.pathname.split("/").at(-1) ?? "";
  try {
    return sanitizeFileName(decodeURIComponent(segment));
  } catch {
    return sanitizeFileName(segment);
  }
}
