/** What applies where the server runs without keys, and how to change that. */
import { useState } from "react";
import { CopyButton } from "../shared/copy-button.tsx";

/** @param dormant keys that were made when the server had keys. */
export function OpenServer({ dormant }: { readonly dormant: number }) {
  // Made here, so that nobody starts a server with a key from a manual; it is nothing until a server is started with it.
  const [secret] = useState(randomSecret);
  const option = `npm start -- --keys admin:${secret}`;
  const variable = `RESHOOT_KEYS=admin:${secret} npm start`;
  return (
    <div className="keys-open">
      <div className="notice">
        <p>
          <strong>This server runs without keys.</strong> Every program on this machine may use it, and nothing else
          can: it answers on loopback only, and only pages it serves itself. All requests belong to the account{" "}
          <code>local</code>; keys that programs send are not looked at.
        </p>
        {dormant > 0 && (
          <p>The keys below were made before and rest: they count again once the server is started with --keys.</p>
        )}
      </div>
      <section className="panel" aria-label="Start with keys">
        <h2>To use keys, start the server with an admin key</h2>
        <p>
          Then others can be made here, and the server may listen on other addresses (<code>--host</code>). This one was
          made up in your browser just now; any <code>id:secret</code> will do. Requests of the account{" "}
          <code>local</code> stay where they are, and cannot be seen with a key.
        </p>
        {[option, variable].map((command) => (
          <div key={command} className="new-secret-line">
            <code>{command}</code>
            <CopyButton text={command} what={command === option ? "the command" : "the command with a variable"} />
          </div>
        ))}
      </section>
    </div>
  );
}

/** 144 bits as 24 characters that need no quoting. */
function randomSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(18));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "A")
    .replaceAll("/", "z");
}
