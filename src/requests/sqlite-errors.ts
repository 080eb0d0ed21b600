/** SQLite's failures in the words of the error table. */
import { ReshootError, toReshootError } from "../errors.ts";

const BUSY = 5;
const FULL = 13;
const TOO_BIG = 18;
const CONSTRAINT = 19;

/** Primary result code of an error that SQLite raised; undefined for any other thrown value. */
function resultCode(thrown: unknown): number | undefined {
  const code = thrown instanceof Error && "sqliteCode" in thrown ? thrown.sqliteCode : undefined;
  return typeof code === "number" ? code & 0xff : undefined;
}

/** Whether another connection holds the lock that was asked for. */
export function isBusy(thrown: unknown): boolean {
  return resultCode(thrown) === BUSY;
}

/**
 * Any thrown value as a ReshootError: `storage_full` when the disk is, `payload_too_large` for a value that SQLite
 * cannot hold, `bad_request` for a refused row or a value nested too deeply for JSON, `unavailable` for everything else
 * the database reports, `internal_server_error` for a defect.
 */
export function toStoreError(thrown: unknown): ReshootError {
  if (thrown instanceof ReshootError) return thrown;
  const fail = (code: "storage_full" | "payload_too_large" | "bad_request" | "unavailable", message: string) =>
    new ReshootError(code, message, { cause: thrown });
  if (thrown instanceof RangeError) return fail("bad_request", "The input is nested too deeply");
  switch (resultCode(thrown)) {
    case undefined:
      return toReshootError(thrown);
    case FULL:
      return fail("storage_full", "The server's disk is full");
    case TOO_BIG:
      return fail("payload_too_large", "The request is too large to be stored");
    case CONSTRAINT:
      return fail(
        "bad_request",
        "Refused by a rule of the request database (an id that exists already, an unknown account, a number out of range)",
      );
    case BUSY:
      return fail("unavailable", "The request database is busy; try again");
    default:
      return fail("unavailable", "The request database is not available");
  }
}
