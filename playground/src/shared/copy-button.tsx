/** Puts a text on the clipboard. */
import { useState } from "react";
import { Icon } from "./icons.tsx";

/** @param what names the text, for those who do not see the icon. */
export function CopyButton({ text, what }: { readonly text: string; readonly what: string }) {
  const [state, setState] = useState<"idle" | "done" | "refused">("idle");
  return (
    <button
      type="button"
      className="button quiet small"
      aria-label={`Copy ${what}`}
      onClick={async () => {
        setState(await navigator.clipboard.writeText(text).then(done, refused));
        setTimeout(() => setState("idle"), 1500);
      }}
    >
      <Icon name={state === "done" ? "check" : "copy"} />
      <span role="status">{state === "done" ? "Copied" : state === "refused" ? "Not allowed here" : "Copy"}</span>
    </button>
  );
}

const done = () => "done" as const;
const refused = () => "refused" as const;
