/** Controls for single values. What is not set shows its default, and is not sent. */
import { label } from "../shared/format.ts";
import type { ControlProps } from "./field.tsx";

/** Words: several lines where a sentence is expected. */
export function TextInput({ id, schema, path, value, required, describedBy, invalid, onChange }: ControlProps) {
  const long = /prompt|^text$/.test(String(path.at(-1)));
  const Element = long ? "textarea" : "input";
  return (
    <Element
      id={id}
      className="input"
      value={typeof value === "string" ? value : value === undefined || value === null ? "" : String(value)}
      placeholder={typeof schema.default === "string" ? schema.default : undefined}
      required={required}
      aria-describedby={describedBy}
      aria-invalid={invalid}
      rows={long ? 2 : undefined}
      onChange={(event: { target: { value: string } }) =>
        onChange(event.target.value === "" && !required ? undefined : event.target.value)
      }
    />
  );
}

/** A number: a slider beside it where both ends are known. */
export function NumberInput({ id, schema, path, value, describedBy, invalid, onChange }: ControlProps) {
  const { minimum, maximum, type } = schema;
  const fallback = typeof schema.default === "number" ? schema.default : undefined;
  const step = type === "integer" ? 1 : stepFor(minimum, maximum);
  const hasSlider = minimum !== undefined && maximum !== undefined && maximum - minimum <= 10_000;
  const read = (text: string): number | undefined => (text === "" ? undefined : Number(text));
  const shown = typeof value === "number" || typeof value === "string" ? value : "";
  return (
    <div className={hasSlider ? "number with-slider" : "number"}>
      {hasSlider && (
        <input
          type="range"
          min={minimum}
          max={maximum}
          step={step}
          value={typeof value === "number" ? value : (fallback ?? minimum)}
          aria-label={`${label(String(path.at(-1)))}, slider`}
          onChange={(event) => onChange(Number(event.target.value))}
        />
      )}
      <input
        id={id}
        className="input mono"
        type="number"
        inputMode={type === "integer" ? "numeric" : "decimal"}
        min={minimum}
        max={maximum}
        step={type === "integer" ? 1 : "any"}
        value={shown}
        placeholder={fallback === undefined ? "not set" : String(fallback)}
        aria-describedby={describedBy}
        aria-invalid={invalid}
        onChange={(event) => onChange(read(event.target.value))}
      />
      {path.at(-1) === "seed" && (
        <button type="button" className="button small" onClick={() => onChange(Math.floor(Math.random() * 2 ** 31))}>
          Roll
        </button>
      )}
    </div>
  );
}

/** About a hundred steps over the range, of a round size. */
function stepFor(minimum = 0, maximum = 1): number {
  const rough = (maximum - minimum) / 100;
  const size = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((factor) => factor * size).find((one) => one >= rough * 0.999) ?? size;
}

/** Yes or no. */
export function FlagInput({ id, schema, value, describedBy, invalid, onChange }: ControlProps) {
  const on = typeof value === "boolean" ? value : schema.default === true;
  return (
    <input
      id={id}
      type="checkbox"
      role="switch"
      className="switch"
      checked={on}
      aria-checked={on}
      aria-describedby={describedBy}
      aria-invalid={invalid}
      onChange={(event) => onChange(event.target.checked)}
    />
  );
}

/** One of a few: side by side where they fit, else a list that opens. */
export function ChoiceInput({ id, schema, path, value, required, describedBy, invalid, onChange }: ControlProps) {
  const options = schema.enum ?? [];
  const chosen = typeof value === "string" ? value : typeof schema.default === "string" ? schema.default : "";
  if (options.length <= 5 && options.join("").length <= 34) {
    return (
      <div className="segmented" aria-describedby={describedBy}>
        {options.map((option) => (
          <label key={option}>
            <input
              type="radio"
              name={id}
              value={option}
              checked={chosen === option}
              onChange={() => onChange(option)}
            />
            {words(option)}
          </label>
        ))}
      </div>
    );
  }
  return (
    <select
      id={id}
      className="input"
      value={chosen}
      aria-describedby={describedBy}
      aria-invalid={invalid}
      aria-label={label(String(path.at(-1)))}
      onChange={(event) => onChange(event.target.value === "" ? undefined : event.target.value)}
    >
      {(schema.default === undefined || !required) && schema.default === undefined && <option value="">Not set</option>}
      {options.map((option) => (
        <option key={option} value={option}>
          {words(option)}
        </option>
      ))}
    </select>
  );
}

/** Any of a few. */
export function ChipsInput({ schema, value, describedBy, onChange }: ControlProps) {
  const chosen = Array.isArray(value) ? (value as string[]) : [];
  return (
    <div className="chips" aria-describedby={describedBy}>
      {(schema.items?.enum ?? []).map((option) => (
        <label key={option}>
          <input
            type="checkbox"
            checked={chosen.includes(option)}
            onChange={(event) => {
              const next = event.target.checked ? [...chosen, option] : chosen.filter((one) => one !== option);
              onChange(next.length > 0 ? next : undefined);
            }}
          />
          {words(option)}
        </label>
      ))}
    </div>
  );
}

/** `square_hd` as `square hd`; figures and sizes stay as they are. */
function words(option: string): string {
  return option.replaceAll("_", " ");
}
