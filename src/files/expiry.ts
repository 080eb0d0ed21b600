/** How long a file is kept and who may read it: fal's object lifecycle (PROTOCOL A8). */
import { ReshootError } from "../errors.ts";
import type { FileAccess, FileRecord } from "../requests/store.ts";

/** What a lifecycle header comes to. */
export type Lifecycle = {
  /** Milliseconds since the epoch; null: never. */
  readonly expiresAt: number | null;
  readonly access: FileAccess;
};

/** Access of files whose owner asked for nothing else: whoever has the URL may read. */
export const OPEN_ACCESS: FileAccess = { default: "allow", rules: [] };

/** Longest lifetime that can be asked for: ten years. */
export const MAX_LIFETIME_SECONDS = 10 * 365 * 24 * 3600;

const MAX_HEADER_LENGTH = 16_384;
const MAX_RULES = 100;
const MAX_USER_LENGTH = 256;

/**
 * Reads `X-Fal-Object-Lifecycle` (uploads) or `X-Fal-Object-Lifecycle-Preference` (outputs). Unknown members are ignored.
 * @param header its name, for errors, and its text; absent or empty gives the defaults.
 * @param defaults `keepMs`: lifetime when none is asked for, null for ever.
 * @throws `bad_request` that names the header and the member.
 */
export function parseLifecycle(
  header: { name: string; value: string | undefined },
  defaults: { now: number; keepMs: number | null },
): Lifecycle {
  const { now, keepMs } = defaults;
  const fallback: Lifecycle = { expiresAt: keepMs === null ? null : now + keepMs, access: OPEN_ACCESS };
  if (header.value === undefined || header.value.trim() === "") return fallback;
  const invalid = (why: string) => new ReshootError("bad_request", `Invalid ${header.name} header: ${why}`);
  if (header.value.length > MAX_HEADER_LENGTH) throw invalid(`longer than ${MAX_HEADER_LENGTH} characters`);
  const lifecycle = parseJson(header.value);
  if (!isObject(lifecycle)) throw invalid("not a JSON object");

  const { expiration_duration_seconds: seconds, initial_acl: acl } = lifecycle;
  let { expiresAt } = fallback;
  if (seconds !== undefined && seconds !== null) {
    if (typeof seconds !== "number" || !(seconds > 0) || seconds > MAX_LIFETIME_SECONDS) {
      throw invalid(`expiration_duration_seconds must be a number above 0 and at most ${MAX_LIFETIME_SECONDS}`);
    }
    expiresAt = now + Math.ceil(seconds * 1000);
  }
  return { expiresAt, access: acl === undefined || acl === null ? OPEN_ACCESS : readAccess(acl, invalid) };
}

/** What happens when this caller asks for the file; null: without a key. The owner always may; else the first rule decides. */
export function mayRead(
  file: Pick<FileRecord, "accountId" | "access">,
  callerAccountId: string | null,
): "allow" | "hide" | "forbid" {
  if (callerAccountId === file.accountId) return "allow";
  const rule = file.access.rules.find(({ user }) => user === callerAccountId);
  return rule?.decision ?? file.access.default;
}

function readAccess(acl: unknown, invalid: (why: string) => Error): FileAccess {
  if (!isObject(acl)) throw invalid("initial_acl must be an object");
  const { default: fallback = "allow", rules = [] } = acl;
  if (!isDecision(fallback)) throw invalid("initial_acl.default must be allow, hide or forbid");
  if (!Array.isArray(rules) || rules.length > MAX_RULES) {
    throw invalid(`initial_acl.rules must be a list of at most ${MAX_RULES}`);
  }
  return {
    default: fallback,
    rules: rules.map((rule: unknown, index) => {
      const { user, decision } = isObject(rule) ? rule : {};
      if (typeof user !== "string" || user === "" || user.length > MAX_USER_LENGTH) {
        throw invalid(`initial_acl.rules[${index}].user must be a text of 1 to ${MAX_USER_LENGTH} characters`);
      }
      if (!isDecision(decision)) throw invalid(`initial_acl.rules[${index}].decision must be allow, hide or forbid`);
      return { user, decision };
    }),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isDecision(value: unknown): value is FileAccess["default"] {
  return value === "allow" || value === "hide" || value === "forbid";
}
