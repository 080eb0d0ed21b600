/** One field of the form: its label, what it takes, its error; which control it gets follows from its schema. */
import { type ReactNode, useId } from "react";
import { label } from "../shared/format.ts";
import { type JsonSchema, mediaKind, type Path, pathKey, type Value, valueAt } from "../shared/schema.ts";
import { useForm } from "./form-context.ts";
import { ChipsInput, ChoiceInput, FlagInput, NumberInput, TextInput } from "./inputs.tsx";
import { KeypointsField } from "./keypoints-field.tsx";
import { ListField } from "./list-field.tsx";
import { MediaField } from "./media-field.tsx";
import { ObjectField, UnionField } from "./object-field.tsx";

/** What a control is given. */
export type ControlProps = {
  readonly id: string;
  readonly schema: JsonSchema;
  readonly path: Path;
  readonly value: Value;
  readonly required: boolean;
  /** For aria-describedby. */
  readonly describedBy: string;
  readonly invalid: boolean;
  readonly onChange: (value: Value) => void;
};

/** The field at a path. */
export function Field({
  schema,
  path,
  required,
  name = label(String(path.at(-1))),
}: {
  readonly schema: JsonSchema;
  readonly path: Path;
  readonly required: boolean;
  readonly name?: string;
}) {
  const form = useForm();
  const id = useId();
  const issue = form.issues.get(pathKey(path));
  const value = valueAt(form.values, path);
  const { Control, grouped } = controlFor(schema, path);
  const changed = !required && value !== undefined && schema.default !== undefined && value !== schema.default;
  const head = (
    <>
      {name}
      {required && <span className="required">required</span>}
      {schema["x-reshoot-extension"] === true && <span className="required">Reshoot only</span>}
    </>
  );
  const body: ReactNode = (
    <>
      <Control
        id={id}
        schema={schema}
        path={path}
        value={value}
        required={required}
        describedBy={`${id}-about${issue ? ` ${id}-issue` : ""}`}
        invalid={issue !== undefined}
        onChange={(next) => form.set(path, next)}
      />
      {issue && (
        <p className="field-issue" id={`${id}-issue`}>
          {issue.msg}
        </p>
      )}
      {schema.description && (
        <p className="field-about" id={`${id}-about`}>
          {schema.description}
        </p>
      )}
    </>
  );
  const className = `field${issue ? " invalid" : ""}`;
  const key = pathKey(path);
  if (grouped) {
    return (
      <fieldset className={className} data-path={key}>
        <legend className="field-label">{head}</legend>
        {body}
      </fieldset>
    );
  }
  return (
    <div className={className} data-path={key}>
      <div className="field-head">
        <label className="field-label" htmlFor={id}>
          {head}
        </label>
        {changed && (
          <button type="button" className="field-reset" onClick={() => form.set(path, undefined)}>
            Default<span className="visually-hidden"> of {name}</span>
          </button>
        )}
      </div>
      {body}
    </div>
  );
}

/** The control for a schema; `grouped` when it is several, with a legend instead of a label. */
function controlFor(
  schema: JsonSchema,
  path: Path,
): { readonly Control: (props: ControlProps) => ReactNode; readonly grouped: boolean } {
  if (mediaKind(schema)) return { Control: MediaField, grouped: true };
  if (schema.anyOf) return { Control: UnionField, grouped: true };
  if (schema.type === "array") {
    if (schema.items?.enum) return { Control: ChipsInput, grouped: true };
    return { Control: path.at(-1) === "keypoints" ? KeypointsField : ListField, grouped: true };
  }
  if (schema.type === "object") return { Control: ObjectField, grouped: true };
  if (schema.type === "boolean") return { Control: FlagInput, grouped: false };
  if (schema.enum) {
    const fits = schema.enum.length <= 5 && schema.enum.join("").length <= 34;
    return { Control: ChoiceInput, grouped: fits };
  }
  if (schema.type === "integer" || schema.type === "number") return { Control: NumberInput, grouped: false };
  return { Control: TextInput, grouped: false };
}
