/** Deleting requests, whichever dialect asks for it. */
import type { FileStore } from "../files/store.ts";
import type { RequestEvents } from "./events.ts";
import type { RequestRecord, RequestStore } from "./store.ts";

/**
 * Deletes requests of an account with their logs and the files they made, and stops those that run. Ids of others are left
 * alone, and so are uploads: other requests may name them.
 * @returns how many are gone, or go as soon as they have stopped.
 */
export async function removeRequests(
  { store, files, events }: { readonly store: RequestStore; readonly files: FileStore; readonly events: RequestEvents },
  accountId: string,
  ids: readonly string[],
): Promise<number> {
  const { deleted, stopping, fileIds } = await store.remove(accountId, [...new Set(ids)]);
  for (const id of deleted) events.publish({ type: "changed", id });
  for (const id of stopping) events.publish({ type: "cancel", id });
  await Promise.all(fileIds.map((id) => files.delete(id)));
  return deleted.length + stopping.length;
}

/** Whether it was deleted while it ran: it is gone once its work has stopped. */
export function isRemoved({ cancelRequested, keepForMs }: RequestRecord): boolean {
  return cancelRequested && keepForMs === 0;
}
