/** Asks for the key, where the server has keys. */
import { type FormEvent, useId, useState } from "react";
import { ApiError, json } from "./api.ts";
import { forgetKey, storeKey } from "./key.ts";

/** A form that keeps the key once the server has taken it. */
export function KeyForm() {
  const [key, setKey] = useState("");
  const [onDevice, setOnDevice] = useState(false);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const field = useId();

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setProblem("");
    try {
      await json("/playground/api/session", { headers: { authorization: `Bearer ${key.trim()}` } });
      storeKey(key.trim(), onDevice);
    } catch (error) {
      forgetKey();
      setProblem(
        error instanceof ApiError && error.status === 401 ? "The server does not know this key." : String(error),
      );
    } finally {
      setBusy(false);
    }
  };

  return (
    <form className="keyform" onSubmit={submit}>
      <h2>This server asks for a key</h2>
      <p>
        Keys are given with <code>--keys id:secret</code> when the server is started. Yours stays in this browser and is
        sent to this server only.
      </p>
      <label htmlFor={field}>Key</label>
      <input
        id={field}
        className="input mono"
        type="password"
        autoComplete="current-password"
        placeholder="id:secret"
        value={key}
        required
        aria-describedby={problem ? `${field}-problem` : undefined}
        aria-invalid={problem !== ""}
        onChange={(event) => setKey(event.target.value)}
      />
      {problem && (
        <p id={`${field}-problem`} className="notice danger" role="alert">
          {problem}
        </p>
      )}
      <label className="checkline">
        <input type="checkbox" checked={onDevice} onChange={(event) => setOnDevice(event.target.checked)} />
        Keep it on this device
      </label>
      <button type="submit" className="button primary" disabled={busy || key.trim() === ""}>
        Open
      </button>
    </form>
  );
}
