/** Structured logs: one JSON object a line on standard error. Secrets are not written; what slips through is cut out here. */
import { type DestinationStream, type Logger, type LoggerOptions, levels, pino } from "pino";

/** How a log is made. */
export type LogOptions = {
  /** pino level, from `trace` to `fatal`, or `silent`. */
  readonly level: string;
  /** Which process writes. */
  readonly part: "server" | "runner";
  /** @defaultValue {@link logDestination} */
  readonly destination?: DestinationStream;
};

const CENSOR = "[redacted]";

/** Names under which a secret or somebody's data could be logged by mistake, at the top or one level down. */
const PRIVATE = ["authorization", "cookie", "secret", "token", "password", "keys", "headers", "body", "input", "query"];

/**
 * Credentials inside texts such as messages and stack traces. `Key` and `Bearer` values, and URL parameters that carry a
 * token or a signature. None matches across a quote or a backslash, so a line stays JSON.
 */
const CREDENTIALS: readonly [RegExp, string][] = [
  [/\b(key|bearer|basic)(:? +)[^\s"'\\,;]{8,}/gi, `$1$2${CENSOR}`],
  [/([?&][\w.-]*(?:token|signature|sig|secret|credential|key|password)=)[^&#\s"'\\]+/gi, `$1${CENSOR}`],
  [/\b(https?:\/\/)[^/\s"'\\@]+@/gi, `$1${CENSOR}@`],
];

/** Standard error: at once in the runner, which may be killed; buffered in the server. */
export function logDestination(part: LogOptions["part"]): DestinationStream {
  return pino.destination({ fd: 2, sync: part === "runner" });
}

/** @throws Error that names the levels when `level` is none of them. */
export function createLog(options: LogOptions): Logger {
  return pino(
    {
      ...settings(options),
      serializers: { err: describeError },
      redact: { paths: PRIVATE.flatMap((name) => [name, `*.${name}`]), censor: CENSOR },
      hooks: { streamWrite: withoutCredentials },
    },
    options.destination ?? logDestination(options.part),
  );
}

/**
 * A log for lines of a fixed few fields that no secret can be in, one for every request: nothing is searched for secrets.
 * @throws as {@link createLog}.
 */
export function createAccessLog(options: LogOptions): Logger {
  return pino(settings(options), oncePerTurn(options.destination ?? logDestination(options.part)));
}

/** All lines of one turn of the event loop in one write: a destination that buffers copies what it has for each line. */
function oncePerTurn(destination: DestinationStream): DestinationStream {
  let lines = "";
  const flush = (): void => {
    destination.write(lines);
    lines = "";
  };
  return {
    write(line) {
      if (lines === "") setImmediate(flush);
      lines += line;
    },
  };
}

function settings({ level, part }: LogOptions): LoggerOptions {
  const known = [...Object.keys(levels.values), "silent"];
  if (!known.includes(level)) throw new Error(`RESHOOT_LOG must be one of ${known.join(", ")}`);
  return {
    level,
    base: { part },
    formatters: { level: (label) => ({ level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
}

/** A text without the credentials in it. */
export function withoutCredentials(text: string): string {
  return CREDENTIALS.reduce((result, [pattern, replacement]) => result.replace(pattern, replacement), text);
}

/** Of an error only what says where and why: its other fields may hold a caller's input. */
function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return String(error);
  const { name, message, stack, cause } = error;
  return {
    type: name,
    ...("code" in error && { code: String(error.code) }),
    message,
    stack,
    ...(cause !== undefined && depth < 4 && { cause: describeError(cause, depth + 1) }),
  };
}
