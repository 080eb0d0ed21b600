/** Bytes as no well-behaved client sends them, and the shape that every answer must have. */
import assert from "node:assert/strict";
import { connect } from "node:net";

/** An answer to {@link exchange}. */
export type RawReply = { readonly status: number; readonly headers: string; readonly body: string };

/**
 * Writes bytes to a port of this machine and reads until the server closes, or falls silent for `quietMs`.
 * @returns all answers on the connection, in order; none when it was closed without one.
 */
export async function exchange(port: number, bytes: string | Buffer, quietMs = 500): Promise<RawReply[]> {
  const text = await new Promise<string>((resolve) => {
    let received = "";
    const socket = connect(port, "127.0.0.1");
    const done = (): void => {
      socket.destroy();
      resolve(received);
    };
    socket.setTimeout(quietMs, done);
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
    });
    socket.on("error", done);
    socket.on("close", done);
    socket.write(bytes);
  });
  return splitReplies(text);
}

function splitReplies(text: string): RawReply[] {
  const replies: RawReply[] = [];
  for (const part of text.split(/(?=HTTP\/1\.1 \d{3} )/)) {
    const [, status, headers = "", body = ""] = /^HTTP\/1\.1 (\d{3}) ([\s\S]*?)\r\n\r\n([\s\S]*)$/.exec(part) ?? [];
    if (status && status !== "100") replies.push({ status: Number(status), headers, body });
  }
  return replies;
}

/**
 * Fails unless an answer is one that a caller's mistake may get: no 5xx, and a 422 in the shape of its host, fal's list of
 * issues or, below `/v1`, its platform's `{"error": {"type", "message"}}`.
 */
export function assertWellFormed(status: number, body: string, what: string): void {
  assert.ok(status < 500, `${what}: ${status} ${body.slice(0, 500)}`);
  if (status !== 422 || body === "") return;
  const { detail, error } = JSON.parse(body) as { detail?: unknown; error?: { type?: unknown; message?: unknown } };
  const isPlatform = typeof error?.type === "string" && typeof error.message === "string" && error.message !== "";
  assert.ok(isPlatform || isIssueList(detail), `${what}: ${body.slice(0, 500)}`);
}

function isIssueList(detail: unknown): boolean {
  if (!Array.isArray(detail) || detail.length === 0) return false;
  return detail.every(({ loc, msg, type }: Record<string, unknown>) => {
    const isLoc = Array.isArray(loc) && loc.length > 0 && loc.every((key) => ["string", "number"].includes(typeof key));
    return isLoc && typeof msg === "string" && msg !== "" && typeof type === "string";
  });
}
