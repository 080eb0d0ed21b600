/** The mask studio: a clip, what should go from it, and the mask that comes of it. */
import { type FormEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import type { MaskLevels } from "../../../src/playground/api.ts";
import { localUrl } from "../shared/api.ts";
import { Icon } from "../shared/icons.tsx";
import { LEVELS, type MaskFormat } from "./mask.ts";
import { nearestFrame } from "./segment.ts";
import { Stage, type Tool } from "./stage.tsx";
import { Timeline } from "./timeline.tsx";
import { LARGEST, SMALLEST, TOOL_KEYS, Tools } from "./tools.tsx";
import { type Place, useStudio } from "./use-studio.ts";
import "./studio.css";

const FORMATS: Readonly<Record<MaskFormat, string>> = {
  quadmask: "Quadmask",
  white_object: "White on black",
  black_object: "Black on white",
};

/** What is done with a finished mask. */
export type MaskUse = {
  readonly words: string;
  readonly primary: boolean;
  /** @param url of the mask on the server. */
  readonly take: (url: string) => void;
};

type StudioProps = {
  /** URL of the clip for the page, and for the server once it is there. */
  readonly preview: string;
  readonly source: Promise<string>;
  /** How the mask's levels are read where it is used. */
  readonly levels: MaskLevels;
  /** A picture is wanted: one mask for every frame. */
  readonly picture: boolean;
  readonly uses: readonly MaskUse[];
  /** Stands above the buttons that use the mask. */
  readonly children?: ReactNode;
};

/** The studio. */
export function Studio({ preview, source, levels, picture, uses, children }: StudioProps) {
  const studio = useStudio(preview, source);
  const { clip, history, tracked, isFresh, layer, task, problem } = studio;
  const [tool, setTool] = useState<Tool>("add");
  const [brush, setBrush] = useState(0.025);
  const [alone, setAlone] = useState(false);
  const [still, setStill] = useState(picture);
  const [words, setWords] = useState("");
  const wanted: MaskFormat = levels === "quad" ? "quadmask" : "white_object";
  const [format, setFormat] = useState<MaskFormat>(wanted);
  const id = useId();

  const following = task?.name === "follow";
  const blocked = !clip.facts || task !== undefined;
  const marked = (["object", "affected"] as const).flatMap((name) =>
    [...history.edits[name].values()].map(({ time }) =>
      tracked ? nearestFrame(tracked, time) : Math.round(time * (clip.facts?.rate ?? 30)),
    ),
  );

  const finish = async (take: (url: string) => void): Promise<void> => {
    if (still) {
      const file = await studio.picture(wanted);
      const url = file && (await studio.send(file));
      if (url !== undefined) take(url);
      return;
    }
    const whole = await studio.whole(wanted);
    if (whole) take(whole.url);
  };

  const download = async (): Promise<void> => {
    if (still) {
      const file = await studio.picture(format);
      if (!file) return;
      const url = URL.createObjectURL(file);
      save(url, file.name);
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
      return;
    }
    const whole = await studio.whole(format);
    if (whole) save(localUrl(whole.url), whole.fileName);
  };

  const say = (event: FormEvent): void => {
    event.preventDefault();
    // The studio may stand over a form of its own.
    event.stopPropagation();
    if (words.trim() !== "") void studio.track(wanted, words.trim());
  };

  const onKey = (event: KeyboardEvent): void => {
    const { target } = event;
    const typing =
      (target instanceof HTMLInputElement && /^(text|url|number|search)$/.test(target.type)) ||
      target instanceof HTMLTextAreaElement ||
      target instanceof HTMLSelectElement;
    if (typing || event.altKey || event.defaultPrevented) return;
    const name = event.key.toLowerCase();
    const chord = event.ctrlKey || event.metaKey;
    const actions: Record<string, () => void> = chord
      ? { z: event.shiftKey ? history.redo : history.undo, y: history.redo }
      : {
          ",": () => clip.show(clip.index - 1),
          ".": () => clip.show(clip.index + 1),
          "[": () => setBrush(Math.max(SMALLEST, brush / 1.25)),
          "]": () => setBrush(Math.min(LARGEST, brush * 1.25)),
          k: clip.toggle,
          m: () => setAlone(!alone),
          o: () => studio.setLayer("object"),
          ...(levels === "quad" && { s: () => studio.setLayer("affected") }),
        };
    const chosen = chord ? undefined : TOOL_KEYS[name];
    const action = chosen ? () => setTool(chosen) : actions[name];
    if (!action) return;
    event.preventDefault();
    action();
  };

  // Keys work wherever the focus is: what is pressed when one has just come belongs to the studio too.
  const latest = useRef(onKey);
  latest.current = onKey;
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => latest.current(event);
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, []);

  const alert = (place: Place): ReactNode =>
    problem?.place === place && (
      <p className="field-issue" role="alert">
        {problem.message}
      </p>
    );

  return (
    <div className="studio">
      <div className="studio-main">
        {clip.broken ? (
          <p className="notice">
            This browser cannot show the clip, so there is nothing to paint on. The server may still read it: say what
            should go in words.
          </p>
        ) : (
          <Stage
            video={<video {...clip.props} src={preview} />}
            raster={studio.raster}
            masks={studio.masks}
            alone={alone ? LEVELS[format] : undefined}
            points={studio.points}
            tool={tool}
            layer={layer}
            radius={brush * studio.raster.width}
            busy={blocked}
            base={studio.base}
            onClick={(point) => void studio.click(point)}
            onPainted={studio.paint}
            describedBy={`${id}-hint`}
          />
        )}
        <Timeline
          index={clip.index}
          count={clip.count}
          playing={clip.playing}
          marked={[...new Set(marked)]}
          seen={tracked?.frames.map(({ object }) => object.length > 0)}
          onShow={clip.show}
          onToggle={clip.toggle}
        />
        {alert("frame")}
        <div className="studio-line">
          <button
            type="button"
            className="button quiet small"
            disabled={!history.canUndo}
            onClick={history.undo}
            title="Ctrl+Z"
          >
            <Icon name="undo" /> <span>Undo</span>
          </button>
          <button
            type="button"
            className="button quiet small"
            disabled={!history.canRedo}
            onClick={history.redo}
            title="Ctrl+Shift+Z"
          >
            <Icon name="redo" /> <span>Redo</span>
          </button>
          <button type="button" className="button quiet small" disabled={!studio.isMarked} onClick={studio.clear}>
            <Icon name="trash" /> Unmark frame
          </button>
          <button
            type="button"
            className="button quiet small studio-alone"
            aria-pressed={alone}
            onClick={() => setAlone(!alone)}
          >
            <Icon name="layers" /> Mask alone
          </button>
        </div>
        <p className="studio-said" role="status">
          {task?.name === "frame" ? "Looking…" : studio.said}
        </p>
      </div>
      <div className="studio-side">
        <section aria-label="Mark">
          <h2>Mark what should go</h2>
          <Tools
            tool={tool}
            setTool={setTool}
            layer={layer}
            setLayer={levels === "quad" ? studio.setLayer : undefined}
            brush={brush}
            setBrush={setBrush}
            hintId={`${id}-hint`}
          />
          {!picture && (
            <form className="studio-words" onSubmit={say}>
              <label htmlFor={`${id}-words`}>Or say what it is</label>
              <div>
                <input
                  id={`${id}-words`}
                  className="input"
                  type="text"
                  placeholder="the man on the left"
                  value={words}
                  aria-invalid={problem?.place === "words"}
                  onChange={(event) => setWords(event.target.value)}
                />
                <button type="submit" className="button" disabled={following || words.trim() === ""}>
                  Find
                </button>
              </div>
              <button
                type="button"
                className="studio-link"
                disabled={following}
                onClick={() => {
                  setWords("moving object");
                  void studio.track(wanted, "moving object");
                }}
              >
                or find what moves
              </button>
              {alert("words")}
            </form>
          )}
        </section>
        <section aria-label="Follow">
          <h2>Over the whole clip</h2>
          {!picture && (
            <fieldset className="segmented">
              <legend className="visually-hidden">How the mask goes on</legend>
              {([false, true] as const).map((option) => (
                <label key={String(option)}>
                  <input
                    type="radio"
                    name="studio-still"
                    checked={still === option}
                    onChange={() => setStill(option)}
                  />
                  {option ? "Stay in place" : "Follow it"}
                </label>
              ))}
            </fieldset>
          )}
          <p className="studio-hint">
            {still
              ? "The mask of the frame that is shown is used on every frame: for logos, dates and cameras that stand still."
              : tracked && !isFresh
                ? "The marks have changed since it was followed."
                : tracked
                  ? "Look through the clip. Where the mask is wrong, correct it on that frame and follow it again."
                  : "The mask is carried from the marked frames through the clip."}
          </p>
          {!still && (
            <button
              type="button"
              className={tracked && !isFresh ? "button primary" : "button"}
              disabled={blocked || isFresh}
              onClick={() => void studio.track(tracked?.format ?? wanted)}
            >
              {tracked ? "Follow again" : "Follow through the clip"}
            </button>
          )}
          {following && (
            <div className="studio-task">
              <progress aria-label="Progress" {...(task.fraction === undefined ? {} : { value: task.fraction })} />
              <span role="status">
                {task.stage}
                {task.fraction !== undefined && `, ${Math.round(100 * task.fraction)} %`}
              </span>
              <button type="button" className="button small" onClick={studio.cancel}>
                Cancel
              </button>
            </div>
          )}
          {alert("follow")}
        </section>
        <section aria-label="Use the mask">
          <div className="studio-uses">
            {uses.map(({ words, primary, take }) => (
              <button
                key={words}
                type="button"
                className={primary ? "button primary" : "button"}
                disabled={blocked}
                onClick={() => void finish(take)}
              >
                {words}
              </button>
            ))}
          </div>
          {children}
          <div className="studio-export">
            <select
              className="input"
              aria-label="Format of the downloaded mask"
              value={format}
              onChange={(event) => setFormat(event.target.value as MaskFormat)}
            >
              {(Object.keys(FORMATS) as MaskFormat[]).map((option) => (
                <option key={option} value={option}>
                  {FORMATS[option]}
                </option>
              ))}
            </select>
            <button type="button" className="button" disabled={blocked} onClick={() => void download()}>
              <Icon name="download" /> {still ? "PNG" : "Video"}
              <span className="visually-hidden"> of the mask, download</span>
            </button>
          </div>
        </section>
        <details className="studio-keys">
          <summary>Keys</summary>
          <dl>
            {KEYS.filter(([, what]) => levels === "quad" || !what.includes("shadow")).map(([key, what]) => (
              <div key={key}>
                <dt>{key}</dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
        </details>
      </div>
    </div>
  );
}

const KEYS = [
  ["C, N", "click on it, not this"],
  ["B, E", "paint, erase"],
  ["[ ]", "smaller, larger brush"],
  [", .", "frame back, forward"],
  ["K", "play, pause"],
  ["M", "mask alone"],
  ["O, S", "the object, its shadow"],
  ["Ctrl+Z", "undo; with Shift, redo"],
  ["Arrows", "move the cross hairs (Shift: a little)"],
  ["Enter", "mark at the cross hairs"],
] as const;

function save(url: string, name: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
}
