/** Pages of the history, fetched as they are asked for; what is under way is looked at again and again. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { RequestItem, RequestsReply } from "../../../src/playground/api.ts";
import { json } from "../shared/api.ts";
import { filterQuery } from "./filters.tsx";

const LOOK_AGAIN_MS = 3000;

/** What is known of it. */
export type History = {
  /** Undefined before the first answer. */
  readonly items: readonly RequestItem[] | undefined;
  readonly hasMore: boolean;
  readonly loading: boolean;
  readonly error: Error | undefined;
  more(): void;
  /** Takes a deleted request out. */
  remove(id: string): void;
};

/** @param filter the address's query. */
export function useHistory(filter: string): History {
  const [items, setItems] = useState<readonly RequestItem[]>();
  const [cursor, setCursor] = useState<string | null>(null);
  const [loading, setLoading] = useState(true);
  const [error, setError] = useState<Error>();
  const asked = useRef<URLSearchParams>(undefined);

  const fetchPage = useCallback((cursor: string | null, signal?: AbortSignal): Promise<RequestsReply> => {
    const query = new URLSearchParams(asked.current);
    if (cursor !== null) query.set("cursor", cursor);
    return json<RequestsReply>(`/playground/api/requests?${query}`, { signal });
  }, []);

  useEffect(() => {
    const control = new AbortController();
    asked.current = filterQuery(new URLSearchParams(filter));
    setLoading(true);
    setError(undefined);
    fetchPage(null, control.signal).then(
      (page) => {
        setItems(page.items);
        setCursor(page.cursor);
        setLoading(false);
      },
      (reason: Error) => {
        if (control.signal.aborted) return;
        setError(reason);
        setLoading(false);
      },
    );
    return () => control.abort();
  }, [filter, fetchPage]);

  // New ones come at the top, and open ones change; a page that nobody looks at does not ask.
  // biome-ignore lint/correctness/useExhaustiveDependencies: an answer to an earlier filter must not come in.
  useEffect(() => {
    const control = new AbortController();
    const timer = setInterval(() => {
      if (document.hidden) return;
      fetchPage(null, control.signal).then(
        (page) => setItems((before) => merged(page.items, before ?? [])),
        () => {
          // The next look may reach the server again.
        },
      );
    }, LOOK_AGAIN_MS);
    return () => {
      clearInterval(timer);
      control.abort();
    };
  }, [filter, fetchPage]);

  return {
    items,
    hasMore: cursor !== null,
    loading,
    error,
    more() {
      const filtered = asked.current;
      setLoading(true);
      fetchPage(cursor).then(
        (page) => {
          if (asked.current !== filtered) return;
          setItems((before = []) => {
            const known = new Set(before.map(({ id }) => id));
            return [...before, ...page.items.filter(({ id }) => !known.has(id))];
          });
          setCursor(page.cursor);
          setLoading(false);
        },
        (reason: Error) => {
          if (asked.current !== filtered) return;
          setError(reason);
          setLoading(false);
        },
      );
    },
    remove: (id) => setItems((before) => before?.filter((item) => item.id !== id)),
  };
}

/** The newest page in the place of what was known of its time; older ones stay. */
function merged(newest: readonly RequestItem[], before: readonly RequestItem[]): readonly RequestItem[] {
  const oldest = newest.at(-1);
  if (!oldest) return [];
  const fresh = new Set(newest.map(({ id }) => id));
  return [...newest, ...before.filter(({ id, createdAt }) => createdAt <= oldest.createdAt && !fresh.has(id))];
}
