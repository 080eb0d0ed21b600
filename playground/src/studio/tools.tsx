/** The studio's tools: what is marked, with what, how wide. */
import { Icon, type IconName } from "../shared/icons.tsx";
import type { LayerName } from "./edits.ts";
import type { Tool } from "./stage.tsx";

const TOOLS: readonly { readonly tool: Tool; readonly icon: IconName; readonly words: string; readonly key: string }[] =
  [
    { tool: "add", icon: "point", words: "Click on it", key: "C" },
    { tool: "remove", icon: "notPoint", words: "Not this", key: "N" },
    { tool: "paint", icon: "brush", words: "Paint", key: "B" },
    { tool: "erase", icon: "eraser", words: "Erase", key: "E" },
  ];

const HINTS: Readonly<Record<Tool, Readonly<Record<LayerName, string>>>> = {
  add: {
    object: "Click on what should go. One click in its middle is often enough; more clicks add what is missing.",
    affected: "Click on the shadow or reflection. Where it has no clear edge, paint it.",
  },
  remove: {
    object: "Click on what was marked but does not belong to it.",
    affected: "Click on what was marked but is no shadow or reflection.",
  },
  paint: {
    object: "Paint over what should go. A little too much is better than too little.",
    affected: "Paint over the shadow or reflection, generously.",
  },
  erase: { object: "Wipe away what should stay.", affected: "Wipe away what is no shadow or reflection." },
};

/** Keys that choose a tool. */
export const TOOL_KEYS: Readonly<Record<string, Tool>> = Object.fromEntries(
  TOOLS.map(({ tool, key }) => [key.toLowerCase(), tool]),
);

/** Smallest and largest brush, as shares of the picture's width. */
export const [SMALLEST, LARGEST] = [0.004, 0.2];

/** Choice of layer, tool and brush. */
export function Tools({
  tool,
  setTool,
  layer,
  setLayer,
  brush,
  setBrush,
  hintId,
}: {
  readonly tool: Tool;
  readonly setTool: (tool: Tool) => void;
  readonly layer: LayerName;
  /** Undefined where masks have no level for what the object affects. */
  readonly setLayer: ((layer: LayerName) => void) | undefined;
  /** Radius, as a share of the picture's width. */
  readonly brush: number;
  readonly setBrush: (brush: number) => void;
  readonly hintId: string;
}) {
  return (
    <>
      {setLayer && (
        <fieldset className="segmented studio-layers">
          <legend className="visually-hidden">What you mark</legend>
          {(["object", "affected"] as const).map((option) => (
            <label key={option} className={option}>
              <input type="radio" name="studio-layer" checked={layer === option} onChange={() => setLayer(option)} />
              {option === "object" ? "The object" : "Shadow, reflection"}
            </label>
          ))}
        </fieldset>
      )}
      <fieldset className="studio-tools">
        <legend className="visually-hidden">Tool</legend>
        {TOOLS.map(({ tool: option, icon, words, key }) => (
          <label key={option} title={`Key ${key}`}>
            <input type="radio" name="studio-tool" checked={tool === option} onChange={() => setTool(option)} />
            <Icon name={icon} size={18} />
            <span>{words}</span>
          </label>
        ))}
      </fieldset>
      <p className="studio-hint" id={hintId}>
        {HINTS[tool][layer]}
      </p>
      {(tool === "paint" || tool === "erase") && (
        <label className="studio-size">
          <span>Brush</span>
          <input
            type="range"
            min={SMALLEST}
            max={LARGEST}
            step={0.001}
            value={brush}
            aria-valuetext={`${(200 * brush).toFixed(1)} % of the picture's width`}
            onChange={(event) => setBrush(Number(event.target.value))}
          />
        </label>
      )}
    </>
  );
}
