/** A result beside its source: next to each other, under a wipe, or as their difference; frame by frame. */
import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from "react";
import { Icon } from "../shared/icons.tsx";
import "./player.css";
import { usePair } from "./use-pair.ts";

/** How the two are shown. */
export type CompareMode = "side" | "wipe" | "difference" | "result";

const MODES: readonly (readonly [CompareMode, string])[] = [
  ["side", "Side by side"],
  ["wipe", "Wipe"],
  ["difference", "Difference"],
  ["result", "Result"],
];

/** The player. Without a source it shows the result alone. */
export function ComparePlayer({
  source,
  result,
  fps,
}: {
  /** URL of this origin; undefined where there is nothing to compare with. */
  readonly source: string | undefined;
  readonly result: string;
  /** Frames a second of the result, where they are known. */
  readonly fps?: number;
}) {
  const [mode, setMode] = useState<CompareMode>(source === undefined ? "result" : "wipe");
  const [wipe, setWipe] = useState(50);
  const [loop, setLoop] = useState(true);
  const [muted, setMuted] = useState(true);
  const [aspect, setAspect] = useState(16 / 9);
  const stage = useRef<HTMLDivElement>(null);
  const pair = usePair(fps);
  const shown = source === undefined ? "result" : mode;

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.target instanceof HTMLInputElement && event.key !== " ") return;
    const actions: Record<string, () => void> = {
      " ": pair.toggle,
      k: pair.toggle,
      ",": () => pair.step(-1),
      ".": () => pair.step(1),
      ArrowLeft: () => pair.step(-1),
      ArrowRight: () => pair.step(1),
    };
    const action = event.target instanceof HTMLButtonElement && event.key === " " ? undefined : actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  };

  const drag = (event: PointerEvent): void => {
    const box = stage.current?.getBoundingClientRect();
    if (!box || shown !== "wipe" || event.buttons !== 1) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    setWipe(Math.round(Math.max(0, Math.min(100, (100 * (event.clientX - box.left)) / box.width)) * 10) / 10);
  };

  // React sets `muted` as a property only, which autoplay needs before the source is there; it is set here once more.
  useEffect(() => {
    if (pair.result.current) pair.result.current.muted = muted;
  }, [muted, pair.result]);

  return (
    <section className="player" aria-label="Result player" onKeyDown={onKeyDown}>
      {source !== undefined && (
        <fieldset className="segmented">
          <legend className="visually-hidden">How to compare</legend>
          {MODES.map(([value, words]) => (
            <label key={value}>
              <input type="radio" name="compare" checked={mode === value} onChange={() => setMode(value)} />
              {words}
            </label>
          ))}
        </fieldset>
      )}
      <div
        ref={stage}
        className={`stage ${shown}`}
        style={{ aspectRatio: shown === "side" ? aspect * 2 : aspect }}
        onPointerDown={drag}
        onPointerMove={drag}
      >
        {source !== undefined && (
          <figure className="stage-source">
            <video ref={pair.source} src={source} muted playsInline preload="auto" />
            {shown !== "difference" && shown !== "result" && <figcaption>Source</figcaption>}
          </figure>
        )}
        <figure className="stage-result" style={shown === "wipe" ? { clipPath: `inset(0 0 0 ${wipe}%)` } : undefined}>
          <video
            ref={pair.result}
            src={result}
            muted={muted}
            loop={loop}
            playsInline
            preload="auto"
            onLoadedMetadata={({ currentTarget: { videoWidth, videoHeight } }) => {
              if (videoWidth > 0) setAspect(videoWidth / videoHeight);
              pair.ready();
            }}
          />
          {shown !== "difference" && <figcaption>Result</figcaption>}
        </figure>
        {shown === "wipe" && <div className="wipe-line" style={{ left: `${wipe}%` }} />}
      </div>
      {shown === "wipe" && (
        <input
          className="wipe-slider"
          type="range"
          min={0}
          max={100}
          step={0.1}
          value={wipe}
          aria-label="Wipe between source and result"
          onChange={(event) => setWipe(Number(event.target.value))}
        />
      )}
      <div className="transport">
        <button
          type="button"
          className="button icon small"
          aria-label={pair.playing ? "Pause" : "Play"}
          onClick={pair.toggle}
        >
          <Icon name={pair.playing ? "pause" : "play"} />
        </button>
        <button type="button" className="button icon small" aria-label="Frame back" onClick={() => pair.step(-1)}>
          <Icon name="back" />
        </button>
        <button type="button" className="button icon small" aria-label="Frame forward" onClick={() => pair.step(1)}>
          <Icon name="forward" />
        </button>
        <input
          type="range"
          className="scrub"
          min={0}
          max={pair.duration || 1}
          step="any"
          value={pair.time}
          aria-label="Position"
          aria-valuetext={`${pair.time.toFixed(2)} of ${pair.duration.toFixed(2)} seconds`}
          onChange={(event) => pair.seek(Number(event.target.value))}
        />
        <output className="mono timecode">
          {pair.time.toFixed(2)} <span>frame {pair.frame}</span>
        </output>
        <button
          type="button"
          className="button quiet icon small"
          aria-label="Loop"
          aria-pressed={loop}
          onClick={() => setLoop(!loop)}
        >
          <Icon name="loop" />
        </button>
        <button
          type="button"
          className="button quiet icon small"
          aria-label="Sound of the result"
          aria-pressed={!muted}
          onClick={() => setMuted(!muted)}
        >
          <Icon name="sound" />
        </button>
      </div>
    </section>
  );
}
