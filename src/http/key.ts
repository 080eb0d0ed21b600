/** Who holds a key, in the form all dialects spell it: `id:secret`. */
import type { Caller, Services } from "../services.ts";

/** Everybody, while the server runs without keys. */
export const LOCAL_CALLER: Caller = { accountId: "local", key: null };

/** The holder of a live key; undefined for anything else. */
export async function keyCaller(credentials: string, { store }: Pick<Services, "store">): Promise<Caller | undefined> {
  const colon = credentials.indexOf(":");
  if (colon === -1) return undefined;
  const key = await store.accounts.verifyKey(credentials.slice(0, colon), credentials.slice(colon + 1));
  return key && { accountId: key.accountId, key };
}
