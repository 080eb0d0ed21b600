/** Examples name samples; before they run, the samples become files of this account. */
import { json } from "../shared/api.ts";
import type { Values } from "../shared/schema.ts";

const SCHEME = /^sample:(.+)$/;

/** A copy of an example's input with URLs in the place of samples. */
export async function resolveSamples(input: Values): Promise<Values> {
  const urls = new Map<string, Promise<string>>();
  const take = (name: string): Promise<string> => {
    const path = `/playground/api/samples/${encodeURIComponent(name)}`;
    const url = urls.get(name) ?? json<{ url: string }>(path, { method: "POST" }).then((sample) => sample.url);
    urls.set(name, url);
    return url;
  };
  const resolve = async (value: unknown): Promise<unknown> => {
    if (typeof value === "string") {
      const name = SCHEME.exec(value)?.[1];
      return name === undefined ? value : take(name);
    }
    if (Array.isArray(value)) return Promise.all(value.map(resolve));
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value).map(async ([key, item]) => [key, await resolve(item)] as const);
    return Object.fromEntries(await Promise.all(entries));
  };
  return (await resolve(input)) as Values;
}
