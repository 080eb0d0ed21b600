/** The form as code, as it changes. */
import { useState } from "react";
import type { EndpointDetail } from "../../../src/playground/api.ts";
import { CopyButton } from "../shared/copy-button.tsx";
import type { Values } from "../shared/schema.ts";
import { Coloured } from "./coloured.tsx";
import { snippets } from "./snippets.ts";

const REMEMBERED = "reshoot-code";

/** Tabs of programs. */
export function CodePanel({
  endpoint,
  input,
  keys,
}: {
  readonly endpoint: EndpointDetail;
  readonly input: Values;
  readonly keys: boolean;
}) {
  const [chosen, setChosen] = useState(() => localStorage.getItem(REMEMBERED) ?? "");
  const all = snippets(endpoint, input, location.origin, keys);
  const shown = all.find(({ id }) => id === chosen) ?? all[0]!;
  return (
    <section className="panel code" aria-label="Code">
      <div className="panel-head">
        <h2>Code</h2>
        <CopyButton text={shown.code} what="code" />
      </div>
      <div className="segmented" role="tablist" aria-label="Clients">
        {all.map(({ id, name }) => (
          <button
            key={id}
            type="button"
            role="tab"
            id={`code-${id}`}
            aria-selected={id === shown.id}
            aria-controls="code-text"
            tabIndex={id === shown.id ? 0 : -1}
            onClick={() => {
              setChosen(id);
              localStorage.setItem(REMEMBERED, id);
            }}
            onKeyDown={(event) => {
              const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
              if (step === 0) return;
              const next = all[(all.indexOf(shown) + step + all.length) % all.length]!;
              setChosen(next.id);
              document.getElementById(`code-${next.id}`)?.focus();
            }}
          >
            {name}
          </button>
        ))}
      </div>
      <div id="code-text" role="tabpanel" aria-labelledby={`code-${shown.id}`}>
        <p className="code-setup">{shown.setup}</p>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard. */}
        <pre tabIndex={0} data-snippet={shown.id}>
          <Coloured code={shown.code} />
        </pre>
        {endpoint.vendor === "wavespeed" && (
          <p className="code-setup">WaveSpeed's own endpoint: fal's clients do not know it.</p>
        )}
      </div>
    </section>
  );
}
