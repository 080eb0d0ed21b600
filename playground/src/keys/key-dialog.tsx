/** Makes a key, or changes what may change of one. */
import { type FormEvent, type ReactNode, useId, useState } from "react";
import type { KeyChangeCall, KeyView, NewKeyCall, NewKeyReply } from "../../../src/playground/api.ts";
import { ApiError, json } from "../shared/api.ts";
import { Dialog } from "../shared/dialog.tsx";

type Texts = { readonly name: string; readonly budget: string; readonly concurrency: string };

/** @param changed the key to change; a new one is made without. */
export function KeyDialog({
  changed,
  charges,
  onMade,
  onClose,
}: {
  readonly changed?: KeyView;
  readonly charges: boolean;
  readonly onMade: (made: NewKeyReply) => void;
  readonly onClose: () => void;
}) {
  const [texts, setTexts] = useState<Texts>({
    name: changed?.name ?? "",
    budget: changed?.budget?.toString() ?? "",
    concurrency: changed?.concurrency?.toString() ?? "",
  });
  const [scope, setScope] = useState<NewKeyCall["scope"]>("API");
  const [account, setAccount] = useState<NewKeyCall["account"]>("new");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<{ readonly field: string; readonly words: string }>();

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    const limits = { budget: limitOf(texts.budget), concurrency: limitOf(texts.concurrency) };
    const wrong = (["budget", "concurrency"] as const).find((name) => Number.isNaN(limits[name]));
    if (wrong) {
      setProblem({ field: wrong, words: "This is not a number" });
      setBusy(false);
      return;
    }
    try {
      if (changed) {
        const body: KeyChangeCall = { name: texts.name, ...limits };
        const path = `/playground/api/keys/${encodeURIComponent(changed.id)}`;
        onMade({ key: await json<KeyView>(path, { method: "PATCH", body }), credentials: "" });
      } else {
        const body: NewKeyCall = { name: texts.name, scope, account, ...limits };
        onMade(await json<NewKeyReply>("/playground/api/keys", { body }));
      }
    } catch (error) {
      const issue = error instanceof ApiError ? error.issues[0] : undefined;
      setProblem({ field: String(issue?.loc[1] ?? ""), words: issue?.msg ?? (error as Error).message });
      setBusy(false);
    }
  };

  const field = (name: keyof Texts, label: string, help: string, more: object) => (
    <TextField
      label={label}
      help={help}
      problem={problem?.field === name ? problem.words : ""}
      value={texts[name]}
      onChange={(value) => setTexts((before) => ({ ...before, [name]: value }))}
      more={more}
    />
  );

  return (
    <Dialog title={changed ? `Change “${changed.name}”` : "New key"} onClose={onClose}>
      <form className="key-form" onSubmit={submit} noValidate>
        {field("name", "Name", "To know it by: who or what uses it.", { maxLength: 80, autoComplete: "off" })}
        {!changed && (
          <>
            <Choice
              legend="Account"
              value={account}
              onChange={setAccount}
              choices={[
                ["new", "One of its own", "Sees its own requests and files only."],
                ["own", "Mine", "Shares this account's history and files."],
              ]}
            />
            <Choice
              legend="May"
              value={scope}
              onChange={setScope}
              choices={[
                ["API", "Run requests", "What programs need."],
                ["ADMIN", "Run requests and look after keys", "Sees all keys and the server's metrics, too."],
              ]}
            />
          </>
        )}
        {field(
          "budget",
          "Budget in dollars",
          charges
            ? "In all, at the vendors' prices. Empty: no limit."
            : "Empty: no limit. This server charges nothing (--prices none), so no budget is used up.",
          { inputMode: "decimal", autoComplete: "off" },
        )}
        {field("concurrency", "Requests at once", "More wait in the queue. Empty: any number.", {
          inputMode: "numeric",
          autoComplete: "off",
        })}
        {problem?.field === "" && (
          <p className="notice danger" role="alert">
            {problem.words}
          </p>
        )}
        <div className="dialog-foot">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={busy}>
            {changed ? "Save" : "Make the key"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** An empty text is no limit; NaN for what is no number. */
function limitOf(text: string): number | null {
  const plain = text.trim().replace(/^\$/, "").replace(",", ".");
  return plain === "" ? null : Number(plain);
}

function TextField({
  label,
  help,
  problem,
  value,
  onChange,
  more,
}: {
  readonly label: string;
  readonly help: string;
  readonly problem: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly more: object;
}) {
  const id = useId();
  return (
    <div className="key-field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className="input"
        value={value}
        aria-describedby={`${id}-help`}
        aria-invalid={problem !== ""}
        onChange={(event) => onChange(event.target.value)}
        {...more}
      />
      <p id={`${id}-help`} className={problem ? "key-problem" : undefined} role={problem ? "alert" : undefined}>
        {problem || help}
      </p>
    </div>
  );
}

function Choice<T extends string>({
  legend,
  value,
  onChange,
  choices,
}: {
  readonly legend: string;
  readonly value: T;
  readonly onChange: (value: T) => void;
  readonly choices: readonly (readonly [T, string, ReactNode])[];
}) {
  return (
    <fieldset className="key-choice">
      <legend>{legend}</legend>
      {choices.map(([choice, words, help]) => (
        <label key={choice}>
          <input type="radio" name={legend} checked={value === choice} onChange={() => onChange(choice)} />
          <span>
            {words}
            <small>{help}</small>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
