/** A value that is on its way. */
import { useEffect, useState } from "react";

/** What is known of it. */
export type Pending<T> = { readonly value?: T; readonly error?: Error };

/** Loads when `key` changes; answers to older keys are dropped. */
export function useAsync<T>(key: string, load: () => Promise<T>): Pending<T> {
  const [state, setState] = useState<Pending<T> & { readonly key?: string }>({});
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key says when the loader has changed.
  useEffect(() => {
    let current = true;
    load().then(
      (value) => current && setState({ key, value }),
      (error: Error) => current && setState({ key, error }),
    );
    return () => {
      current = false;
    };
  }, [key]);
  return state.key === key ? state : {};
}
