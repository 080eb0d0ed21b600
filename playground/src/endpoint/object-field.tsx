/** Objects inside the form, and values that may be one of two kinds. */
import { useState } from "react";
import { label } from "../shared/format.ts";
import { type JsonSchema, pathKey } from "../shared/schema.ts";
import { type ControlProps, Field } from "./field.tsx";

/** The fields of an object. */
export function ObjectField({ schema, path }: Pick<ControlProps, "schema" | "path">) {
  const { properties = {}, required = [] } = schema;
  return (
    <div className="nested">
      {Object.entries(properties).map(([name, property]) => (
        <Field key={name} schema={property} path={[...path, name]} required={required.includes(name)} />
      ))}
    </div>
  );
}

/** One of several kinds of value: which one is chosen first. */
export function UnionField(props: ControlProps) {
  const { schema, path, value, onChange } = props;
  const branches = schema.anyOf ?? [];
  const byValue = branches.findIndex(
    (branch) => (branch.type === "object") === (typeof value === "object" && value !== null),
  );
  const [chosen, setChosen] = useState(value === undefined ? branches.findIndex((branch) => branch.enum) : byValue);
  const branch = branches[Math.max(0, chosen)];
  if (!branch) return null;
  return (
    <div className="union">
      <div className="segmented">
        {branches.map((option, index) => (
          <label key={kindOf(option)}>
            <input
              type="radio"
              name={`${pathKey(path)}-kind`}
              checked={index === Math.max(0, chosen)}
              onChange={() => {
                setChosen(index);
                onChange(undefined);
              }}
            />
            {kindOf(option)}
          </label>
        ))}
      </div>
      {branch.type === "object" ? (
        <ObjectField schema={branch} path={path} />
      ) : (
        <UnionChoice {...props} schema={{ ...branch, default: schema.default }} />
      )}
    </div>
  );
}

function UnionChoice({ schema, path, value, onChange, describedBy }: ControlProps) {
  return (
    <select
      className="input"
      aria-label={label(String(path.at(-1)))}
      aria-describedby={describedBy}
      value={typeof value === "string" ? value : typeof schema.default === "string" ? schema.default : ""}
      onChange={(event) => onChange(event.target.value === "" ? undefined : event.target.value)}
    >
      {schema.default === undefined && <option value="">Not set</option>}
      {(schema.enum ?? []).map((option) => (
        <option key={option} value={option}>
          {option.replaceAll("_", " ")}
        </option>
      ))}
    </select>
  );
}

function kindOf(schema: JsonSchema): string {
  return schema.type === "object" ? "Custom" : schema.enum ? "Preset" : String(schema.type);
}
