/** Lists: of media, of words, of objects such as tracks and their pieces. */
import { Icon } from "../shared/icons.tsx";
import { type JsonSchema, type Path, pathKey, type Value } from "../shared/schema.ts";
import { type ControlProps, Field } from "./field.tsx";
import { ObjectField } from "./object-field.tsx";

/** A list whose items are added, moved and taken out. */
export function ListField({ schema, path, value, onChange }: ControlProps) {
  const items = schema.items ?? {};
  const list = Array.isArray(value) ? (value as Value[]) : [];
  const name = itemName(schema, path);
  const move = (from: number, to: number): void => {
    const next = [...list];
    const [item] = next.splice(from, 1);
    next.splice(to, 0, item);
    onChange(next);
  };
  return (
    <div className="list">
      {list.map((_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the place is the item's name, in the request too.
        <div className="list-item" key={index}>
          <div className="list-head">
            <span className="list-title">
              {name} {index + 1}
            </span>
            <button
              type="button"
              className="button quiet icon small"
              aria-label={`Move ${name} ${index + 1} up`}
              disabled={index === 0}
              onClick={() => move(index, index - 1)}
            >
              <span className="turned">
                <Icon name="back" />
              </span>
            </button>
            <button
              type="button"
              className="button quiet icon small"
              aria-label={`Remove ${name} ${index + 1}`}
              onClick={() => {
                const next = list.filter((_, at) => at !== index);
                onChange(next.length > 0 ? next : undefined);
              }}
            >
              <Icon name="close" />
            </button>
          </div>
          {items.type === "object" ? (
            <ObjectField schema={items} path={[...path, index]} />
          ) : (
            <Field
              schema={{ ...items, description: undefined }}
              path={[...path, index]}
              required
              name={`${name} ${index + 1}`}
            />
          )}
        </div>
      ))}
      <button
        type="button"
        className="button small"
        onClick={() => onChange([...list, emptyOf(items)])}
        data-add={pathKey(path)}
      >
        <Icon name="plus" /> Add {name.toLowerCase()}
      </button>
    </div>
  );
}

/** A new item: objects begin with their defaults, which are not sent. */
function emptyOf(schema: JsonSchema): Value {
  return schema.type === "object" ? {} : "";
}

/** `Track` for tracks, `Video` for video_urls. */
function itemName({ items }: JsonSchema, path: Path): string {
  if (items?.title) return items.title;
  const words = String(path.at(-1))
    .replace(/_urls$/, "")
    .replace(/s$/, "")
    .replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
