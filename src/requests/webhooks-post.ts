/** One POST to a URL that a caller named: guarded, never redirected, bounded in time and in what it reads. */
import { request } from "undici";
import { type Guard, openConnection, RefusedUrlError, readRemoteUrl } from "../files/guarded-connection.ts";

/** What came of a POST. */
export type PostOutcome = {
  /** Null when there was no answer. */
  readonly status: number | null;
  /** Why it is not a success (2xx); it names no address. */
  readonly error: string | null;
  /** Whether the same POST may succeed later. False for redirects and for URLs that we do not connect to. */
  readonly retryable: boolean;
};

/** What is sent, and what it may cost. */
export type Post = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** From name lookup to the answer's headers, and the little that is read of its body. */
  readonly timeoutMs: number;
  readonly guard: Pick<Guard, "policy" | "lookup">;
  readonly signal: AbortSignal;
};

const CONNECT_TIMEOUT_MS = 10_000;
/** Of the answer's body: read so that a well-behaved receiver sees no reset, then dropped. */
const MAX_ANSWER_BYTES = 64 * 1024;
const MAX_ANSWER_MS = 1000;

/** Sends a POST. @throws the signal's reason when it aborts; every other failure is an outcome. */
export async function post({ url, headers, body, timeoutMs, guard, signal }: Post): Promise<PostOutcome> {
  const patience = new AbortController();
  const onAbort = () => patience.abort(signal.reason);
  const timer = setTimeout(() => patience.abort(), timeoutMs);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const target = readRemoteUrl(url);
    const times = { connectTimeoutMs: Math.min(CONNECT_TIMEOUT_MS, timeoutMs), idleTimeoutMs: timeoutMs };
    const agent = await unlessAborted(openConnection(target, { ...guard, ...times }), patience.signal);
    try {
      const answer = await request(target, {
        method: "POST",
        dispatcher: agent,
        signal: patience.signal,
        reset: true,
        headers: { "content-type": "application/json", "user-agent": "reshoot", ...headers },
        body,
      });
      // The status is the answer: what happens to the rest of it changes nothing.
      const enough = setTimeout(() => answer.body.destroy(), MAX_ANSWER_MS);
      await answer.body.dump({ limit: MAX_ANSWER_BYTES }).catch(() => {});
      clearTimeout(enough);
      return judge(answer.statusCode);
    } finally {
      void agent.destroy().catch(() => {});
    }
  } catch (thrown) {
    if (signal.aborted) throw signal.reason;
    if (patience.signal.aborted) return failure(`No answer within ${timeoutMs / 1000} seconds`);
    return explain(thrown);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}

/** Name lookups cannot be called off: a connection that comes too late is closed. */
async function unlessAborted(opening: ReturnType<typeof openConnection>, signal: AbortSignal) {
  let onAbort = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return (await Promise.race([opening, aborted])).agent;
  } catch (thrown) {
    if (signal.aborted) void opening.then(({ agent }) => agent.destroy()).catch(() => {});
    throw thrown;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function judge(status: number): PostOutcome {
  if (status >= 200 && status <= 299) return { status, error: null, retryable: false };
  if (status >= 300 && status <= 399) {
    return { status, error: `The receiver answered ${status}: redirects are not followed`, retryable: false };
  }
  return { status, error: `The receiver answered ${status}`, retryable: true };
}

function explain(thrown: unknown): PostOutcome {
  if (thrown instanceof RefusedUrlError) return failure(thrown.message, thrown.transient);
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
  if (code === "ECONNREFUSED") return failure("The receiver refused the connection");
  if (code === "UND_ERR_CONNECT_TIMEOUT") return failure("The receiver could not be reached in time");
  return failure(`The connection to the receiver failed${/^[A-Z0-9_]{1,50}$/.test(code) ? ` (${code})` : ""}`);
}

function failure(error: string, retryable = true): PostOutcome {
  return { status: null, error, retryable };
}
