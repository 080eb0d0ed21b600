/**
 * The one table of errors. Every failure a caller can see is a {@link ReshootError} whose code is a row of this table;
 * the dialects only translate rows into their vendor's words (PROTOCOL A8 and B7).
 */

/** How one kind of failure looks from outside. */
type ErrorRow = {
  /** HTTP status of the fal dialect. */
  readonly status: number;
  /** `model`: the body is a list of issues that name fields. `platform`: a text with an `error_type`. */
  readonly shape: "model" | "platform";
  /** Prediction-level code of the WaveSpeed dialect. */
  readonly wavespeed: number;
  /**
   * How often a queued request may be tried when it fails like this; 1: never again. {@link MANY_ATTEMPTS} counts every
   * attempt, a smaller number those that ended in such an error.
   */
  readonly attempts: number;
};

/** As the vendor: what passes is tried up to ten times. A defect, or a crash, may be the input's doing: it is tried twice. */
export const MANY_ATTEMPTS = 10;

const invalid = { status: 422, shape: "model", wavespeed: 1401, attempts: 1 } as const;
const media = { status: 422, shape: "model", wavespeed: 1402, attempts: 1 } as const;

/** Every error code, in the fal vocabulary where one exists. */
export const ERRORS = {
  // The input does not fit the schema.
  missing: { ...invalid, wavespeed: 1400 },
  string_type: invalid,
  int_type: invalid,
  int_parsing: invalid,
  int_from_float: invalid,
  float_type: invalid,
  float_parsing: invalid,
  bool_type: invalid,
  bool_parsing: invalid,
  list_type: invalid,
  dict_type: invalid,
  literal_error: invalid,
  value_error: invalid,
  json_invalid: invalid,
  url_parsing: invalid,
  greater_than: invalid,
  greater_than_equal: invalid,
  less_than: invalid,
  less_than_equal: invalid,
  multiple_of: invalid,
  sequence_too_short: invalid,
  sequence_too_long: invalid,
  string_too_short: invalid,
  string_too_long: invalid,
  one_of: invalid,
  feature_not_supported: invalid,
  // The media an input points to cannot be used.
  file_download_error: media,
  file_too_large: media,
  image_load_error: media,
  image_too_small: media,
  image_too_large: media,
  video_load_error: media,
  audio_load_error: media,
  video_duration_too_long: media,
  video_duration_too_short: media,
  audio_duration_too_long: media,
  audio_duration_too_short: media,
  unsupported_video_format: media,
  unsupported_image_format: media,
  unsupported_audio_format: media,
  no_media_generated: { ...invalid, wavespeed: 1405 },
  content_policy_violation: { ...invalid, wavespeed: 1200 },
  // The work failed.
  internal_server_error: { status: 500, shape: "model", wavespeed: 5000, attempts: 2 },
  generation_timeout: { status: 504, shape: "model", wavespeed: 5004, attempts: 1 },
  downstream_service_error: { status: 400, shape: "model", wavespeed: 1403, attempts: 1 },
  downstream_service_unavailable: { status: 500, shape: "model", wavespeed: 5003, attempts: MANY_ATTEMPTS },
  // The platform could not carry the request.
  request_timeout: { status: 504, shape: "platform", wavespeed: 5004, attempts: 1 },
  runner_disconnected: { status: 503, shape: "platform", wavespeed: 5003, attempts: MANY_ATTEMPTS },
  runner_scheduling_failure: { status: 503, shape: "platform", wavespeed: 5003, attempts: MANY_ATTEMPTS },
  internal_error: { status: 500, shape: "platform", wavespeed: 5000, attempts: 1 },
  client_disconnected: { status: 499, shape: "platform", wavespeed: 1405, attempts: 1 },
  client_cancelled: { status: 499, shape: "platform", wavespeed: 1405, attempts: 1 },
  bad_request: { status: 400, shape: "platform", wavespeed: 1401, attempts: 1 },
  unauthorized: { status: 401, shape: "platform", wavespeed: 1401, attempts: 1 },
  forbidden: { status: 403, shape: "platform", wavespeed: 1401, attempts: 1 },
  budget_exhausted: { status: 403, shape: "platform", wavespeed: 1401, attempts: 1 },
  not_found: { status: 404, shape: "platform", wavespeed: 1401, attempts: 1 },
  method_not_allowed: { status: 405, shape: "platform", wavespeed: 1401, attempts: 1 },
  payload_too_large: { status: 413, shape: "platform", wavespeed: 1401, attempts: 1 },
  range_not_satisfiable: { status: 416, shape: "platform", wavespeed: 1401, attempts: 1 },
  queue_full: { status: 429, shape: "platform", wavespeed: 1401, attempts: 1 },
  concurrent_requests_limit: { status: 429, shape: "platform", wavespeed: 1401, attempts: 1 },
  storage_full: { status: 507, shape: "platform", wavespeed: 5003, attempts: MANY_ATTEMPTS },
  unavailable: { status: 503, shape: "platform", wavespeed: 5003, attempts: MANY_ATTEMPTS },
} as const satisfies Record<string, ErrorRow>;

/** A row of {@link ERRORS}. */
export type ErrorCode = keyof typeof ERRORS;

/** Where a value stands in a request, outermost first: `["body", "images", 0, "url"]`. */
export type Loc = readonly (string | number)[];

/** One thing wrong with one field, in the shape fal's clients parse. */
export type Issue = {
  readonly loc: Loc;
  readonly msg: string;
  readonly type: ErrorCode;
  readonly ctx?: Readonly<Record<string, unknown>>;
  readonly input?: unknown;
};

/** What survives the trip through a process boundary or the database. */
export type SerializedError = {
  readonly code: ErrorCode;
  readonly message: string;
  readonly issues: readonly Issue[];
};

/** A failure that a caller may see. Anything else thrown is a defect and is reported as `internal_server_error`. */
export class ReshootError extends Error {
  override readonly name = "ReshootError";
  readonly code: ErrorCode;
  readonly issues: readonly Issue[];

  constructor(code: ErrorCode, message: string, options: { issues?: readonly Issue[]; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.issues = options.issues ?? [];
  }

  get status(): number {
    return ERRORS[this.code].status;
  }

  get retryable(): boolean {
    return isRetryable(this.code);
  }

  toJSON(): SerializedError {
    return { code: this.code, message: this.message, issues: this.issues };
  }
}

/** Whether the same request may succeed later. */
export function isRetryable(code: ErrorCode): boolean {
  return ERRORS[code].attempts > 1;
}

/** An error about one field: `fieldError("missing", ["body", "prompt"], "Field required")`. */
export function fieldError(
  code: ErrorCode,
  loc: Loc,
  msg: string,
  details: { ctx?: Record<string, unknown>; input?: unknown; cause?: unknown } = {},
): ReshootError {
  const { cause, ...rest } = details;
  return new ReshootError(code, msg, { issues: [{ loc, msg, type: code, ...rest }], cause });
}

/** Several invalid fields at once; the first decides the status. */
export function invalidInput(issues: readonly Issue[]): ReshootError {
  const first = issues[0];
  if (!first) throw new TypeError("invalidInput needs at least one issue");
  return new ReshootError(
    first.type,
    issues.map((issue) => `${issue.loc.slice(1).join(".")}: ${issue.msg}`).join("; "),
    {
      issues,
    },
  );
}

/** Rebuilds an error that crossed a process boundary or lay in the database. */
export function deserializeError(value: SerializedError): ReshootError {
  return new ReshootError(value.code, value.message, { issues: value.issues });
}

/** Any thrown value as a {@link ReshootError}; defects keep their cause for the log but not their text. */
export function toReshootError(thrown: unknown): ReshootError {
  if (thrown instanceof ReshootError) return thrown;
  const system = systemCode(thrown);
  if (FULL.has(system)) return new ReshootError("storage_full", "The server's disk is full", { cause: thrown });
  if (BROKEN.has(system)) {
    return new ReshootError("unavailable", "The server's storage is not available", { cause: thrown });
  }
  return new ReshootError("internal_server_error", "Internal server error", { cause: thrown });
}

/** What the operating system says of a disk without room. */
const FULL: ReadonlySet<unknown> = new Set(["ENOSPC", "EDQUOT"]);
/** What it says of a disk that fails or may not be written, and of a process that has no file descriptor left. */
const BROKEN: ReadonlySet<unknown> = new Set(["EIO", "EROFS", "EACCES", "EPERM", "EMFILE", "ENFILE"]);

function systemCode(thrown: unknown): unknown {
  return thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
}
