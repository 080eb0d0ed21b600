/** Where in the clip one is: play, step, scrub; and which frames were marked. */
import { Icon } from "../shared/icons.tsx";

/** The timeline below the stage. */
export function Timeline({
  index,
  count,
  playing,
  marked,
  seen,
  onShow,
  onToggle,
}: {
  readonly index: number;
  readonly count: number;
  readonly playing: boolean;
  /** Frames with marks. */
  readonly marked: readonly number[];
  /** Whether the object is seen, frame by frame, once it was followed. */
  readonly seen: readonly boolean[] | undefined;
  readonly onShow: (index: number) => void;
  readonly onToggle: () => void;
}) {
  const place = (frame: number): string => `${(100 * (frame + 0.5)) / count}%`;
  return (
    <div className="studio-timeline">
      <button type="button" className="button icon small" aria-label={playing ? "Pause" : "Play"} onClick={onToggle}>
        <Icon name={playing ? "pause" : "play"} />
      </button>
      <button type="button" className="button icon small" aria-label="Frame back" onClick={() => onShow(index - 1)}>
        <Icon name="back" />
      </button>
      <button type="button" className="button icon small" aria-label="Frame forward" onClick={() => onShow(index + 1)}>
        <Icon name="forward" />
      </button>
      <div className="studio-track">
        <div className="studio-seen" aria-hidden="true">
          {seen &&
            spans(seen).map(({ from, to }) => (
              <span key={from} style={{ left: `${(100 * from) / count}%`, width: `${(100 * (to - from)) / count}%` }} />
            ))}
        </div>
        <input
          type="range"
          min={0}
          max={Math.max(1, count - 1)}
          step={1}
          value={index}
          aria-label="Frame"
          aria-valuetext={`frame ${index} of ${count}${marked.includes(index) ? ", marked" : ""}`}
          onChange={(event) => onShow(Number(event.target.value))}
        />
        {marked.map((frame) => (
          <button
            key={frame}
            type="button"
            className="studio-mark"
            style={{ left: place(frame) }}
            aria-label={`Go to the marks on frame ${frame}`}
            title={`Marked: frame ${frame}`}
            onClick={() => onShow(frame)}
          />
        ))}
      </div>
      <output className="mono studio-frame">
        {index} <span>/ {count - 1}</span>
      </output>
    </div>
  );
}

/** Stretches of frames in which something is seen. */
function spans(seen: readonly boolean[]): { from: number; to: number }[] {
  const found: { from: number; to: number }[] = [];
  for (const [i, one] of seen.entries()) {
    const last = found.at(-1);
    if (!one) continue;
    if (last?.to === i) last.to = i + 1;
    else found.push({ from: i, to: i + 1 });
  }
  return found;
}
