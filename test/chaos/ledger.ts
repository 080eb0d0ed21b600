/** What callers were promised: everything that a server acknowledged, in whichever of its lives. */

/** An upload that was begun: its URL, and what it was or will be filled with. */
export type StartedUpload = { readonly path: string; readonly id: string; readonly bytes: Uint8Array };

/** A submit whose answer may have been lost: repeating it must not make a second request. */
export type Submit = {
  readonly idempotencyKey: string;
  readonly endpoint: string;
  readonly body: object;
  /** Path at the receiver of webhooks; null: none was asked for. */
  readonly hook: string | null;
};

/** The promises of a server. */
export type Ledger = {
  /** Acknowledged submits by request id. */
  readonly submits: Map<string, Submit>;
  /** Ids of requests whose cancel was acknowledged, and what the server said. */
  readonly cancels: Map<string, "CANCELLATION_REQUESTED" | "ALREADY_COMPLETED">;
  /** Ids of requests whose cancel was asked for: a server that dies before its answer may have done it all the same. */
  readonly askedCancels: Set<string>;
  /** Hex SHA-256 of acknowledged uploads by file id. */
  readonly uploads: Map<string, string>;
  /** Begun and not answered: repeated in the next life. */
  readonly openSubmits: Set<Submit>;
  readonly openUploads: Set<StartedUpload>;
  /** Answers that a server must never give. */
  readonly violations: string[];
};

/** An empty ledger. */
export function createLedger(): Ledger {
  return {
    submits: new Map(),
    cancels: new Map(),
    askedCancels: new Set(),
    uploads: new Map(),
    openSubmits: new Set(),
    openUploads: new Set(),
    violations: [],
  };
}
