/** Asks the server what it makes of the form while it is filled in: issues and price. */
import { useEffect, useState } from "react";
import type { CheckReply, MediaFacts } from "../../../src/playground/api.ts";
import { json } from "../shared/api.ts";
import type { Values } from "../shared/schema.ts";

const WAIT_MS = 250;

/** The latest answer; undefined before the first. */
export function useCheck(endpoint: string, input: Values, media: MediaFacts | undefined): CheckReply | undefined {
  const [reply, setReply] = useState<CheckReply>();
  const body = JSON.stringify({ endpoint, input, media });
  useEffect(() => {
    const control = new AbortController();
    const timer = setTimeout(() => {
      json<CheckReply>("/playground/api/check", { body: JSON.parse(body), signal: control.signal }).then(
        setReply,
        () => {
          // The form works without; what is wrong is said when it is sent.
        },
      );
    }, WAIT_MS);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [body]);
  return reply;
}
