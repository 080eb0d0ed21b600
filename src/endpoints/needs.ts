/** How endpoints say which operations an input needs. */
import type { Loc } from "../errors.ts";
import type { OperationName } from "../operations/operations.ts";

/** One operation an input needs, and the field that makes it needed. */
export type Need = { readonly operation: OperationName; readonly loc: Loc; readonly why?: string };

/** A need of the field `field`. */
export function need(operation: OperationName, field: string, why?: string): Need {
  const loc = ["body", field];
  return why === undefined ? { operation, loc } : { operation, loc, why };
}

/** Whether a media or text field was given: references to stored files count, empty strings do not. */
export function given(value: unknown): boolean {
  return value !== undefined && value !== null && value !== "";
}
