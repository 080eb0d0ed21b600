/** Code with its texts, figures and comments set apart. */

const TOKEN =
  /("(?:[^"\\\n]|\\.)*")|(#[^\n]*|\/\/[^\n]*)|\b(import|from|const|await|new|True|False|None|true|false|null)\b|(\b\d+(?:\.\d+)?\b)/g;
const CLASSES = ["text", "comment", "word", "figure"] as const;

/** The same characters in the same order, as elements. */
export function Coloured({ code }: { readonly code: string }) {
  const parts: (string | { readonly text: string; readonly kind: string; readonly at: number })[] = [];
  let last = 0;
  for (const match of code.matchAll(TOKEN)) {
    parts.push(code.slice(last, match.index));
    const kind = CLASSES[match.slice(1).findIndex((group) => group !== undefined)] ?? "text";
    parts.push({ text: match[0], kind, at: match.index });
    last = match.index + match[0].length;
  }
  parts.push(code.slice(last));
  return (
    <code>
      {parts.map((part) =>
        typeof part === "string" ? (
          part
        ) : (
          <span key={part.at} className={`code-${part.kind}`}>
            {part.text}
          </span>
        ),
      )}
    </code>
  );
}
