/** What the configured engines make of an endpoint, in a word. */
import type { Support } from "../../../src/playground/api.ts";

const WORDS = { ready: "Runs here", partly: "Runs here, in part", missing: "Needs another engine" } as const;

/** A dot and words: full, half, hollow. */
export function SupportBadge({ support }: { readonly support: Support }) {
  return (
    <span className={`badge ${support.state}`} title={support.reasons.join("\n")}>
      {WORDS[support.state]}
    </span>
  );
}
