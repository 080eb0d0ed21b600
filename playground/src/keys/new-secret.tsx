/** A key that has just been made: the one time that its secret can be seen. */
import { useEffect, useRef } from "react";
import type { NewKeyReply } from "../../../src/playground/api.ts";
import { CopyButton } from "../shared/copy-button.tsx";

/** Shows it until it is put away. It is kept in this page's memory only. */
export function NewSecret({ made, onClose }: { readonly made: NewKeyReply; readonly onClose: () => void }) {
  const element = useRef<HTMLElement>(null);
  useEffect(() => element.current?.focus(), []);
  const { key, credentials } = made;
  if (credentials === "") return null;
  return (
    <section ref={element} className="new-secret" aria-label={`The key ${key.name}`} tabIndex={-1}>
      <h2>“{key.name}” is made. Copy it now</h2>
      <p>The server keeps a hash of it only: nobody can show it again. Whoever has it can use it.</p>
      <div className="new-secret-line">
        <code data-credentials>{credentials}</code>
        <CopyButton text={credentials} what="the key" />
      </div>
      <p>
        Programs send it as <code>Authorization: Key …</code>, or take it from <code>FAL_KEY</code> or{" "}
        <code>RESHOOT_KEY</code>.
      </p>
      <button type="button" className="button" onClick={onClose}>
        I have it
      </button>
    </section>
  );
}
