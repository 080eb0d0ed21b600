/** All endpoints, by id and alias. */
import type { Endpoint } from "./endpoint.ts";

/** A read-only set of endpoints. */
export type Catalog = {
  /** In display order. */
  readonly all: readonly Endpoint[];
  /** By id or alias; undefined when the catalog has no such endpoint. */
  find(id: string): Endpoint | undefined;
};

/** @throws TypeError when two endpoints share an id or alias. */
export function createCatalog(all: readonly Endpoint[]): Catalog {
  const byId = new Map<string, Endpoint>();
  for (const endpoint of all) {
    for (const id of [endpoint.id, ...endpoint.aliases]) {
      if (byId.has(id)) throw new TypeError(`two endpoints are called ${id}`);
      byId.set(id, endpoint);
    }
  }
  return { all, find: (id) => byId.get(id) };
}
