/** Stacked bars over time, as SVG; a slider under them reads the bars out one by one. */
import { useEffect, useRef, useState } from "react";

/** One colour of the bars. */
export type Series = {
  readonly name: string;
  /** One for each bar, none below 0. */
  readonly values: readonly number[];
};

const HEIGHT = 240;
const MARGIN = { top: 12, right: 2, bottom: 24, left: 52 };
const LINES = 4;
/** Pixels that a label under the bars takes with its room. */
const LABEL_WIDTH = 58;

/** How values are written beside the lines, and between which they lie. */
export type Axis = {
  /** Steps are round in this unit, which depends on the most there is. */
  readonly unit: (most: number) => number;
  readonly format: (value: number) => string;
  /** The smallest step. @defaultValue any */
  readonly least?: number;
};

/** @param format a value in words; `label` says what the chart shows. */
export function Chart({
  label,
  series,
  labels,
  names,
  axis,
  format,
}: {
  readonly label: string;
  readonly series: readonly Series[];
  /** Of each bar, short. */
  readonly labels: readonly string[];
  /** Of each bar, in full. */
  readonly names: readonly string[];
  readonly axis: Axis;
  readonly format: (value: number) => string;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(720);
  const [chosen, setChosen] = useState(labels.length - 1);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => entry && setWidth(Math.max(260, entry.contentRect.width)));
    if (frame.current) observer.observe(frame.current);
    return () => observer.disconnect();
  }, []);

  const sums = labels.map((_, bar) => series.reduce((sum, { values }) => sum + values[bar]!, 0));
  const { top, step } = scale(Math.max(...sums), axis);
  const room = { width: width - MARGIN.left - MARGIN.right, height: HEIGHT - MARGIN.top - MARGIN.bottom };
  const slot = room.width / labels.length;
  const bar = Math.min(44, slot * 0.72);
  const y = (value: number): number => MARGIN.top + room.height * (1 - value / top);
  const every = Math.ceil(LABEL_WIDTH / slot);
  const shown = Math.min(chosen, labels.length - 1);

  return (
    <div className="chart" ref={frame}>
      <svg width={width} height={HEIGHT} viewBox={`0 0 ${width} ${HEIGHT}`} role="img" aria-label={label}>
        {Array.from({ length: Math.round(top / step) + 1 }, (_, index) => index * step).map((value) => (
          <g key={value}>
            <line className="chart-line" x1={MARGIN.left} x2={width - MARGIN.right} y1={y(value)} y2={y(value)} />
            <text className="chart-value" x={MARGIN.left - 8} y={y(value)} dominantBaseline="middle">
              {axis.format(value)}
            </text>
          </g>
        ))}
        {labels.map((text, index) => {
          const x = MARGIN.left + slot * index;
          let base = 0;
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: bars have places only.
            <g key={index} onPointerEnter={() => setChosen(index)}>
              <rect
                className={index === shown ? "chart-slot chosen" : "chart-slot"}
                x={x}
                y={MARGIN.top}
                width={slot}
                height={room.height}
              />
              {series.map(({ name, values }, place) => {
                const from = base;
                base += values[index]!;
                return values[index]! > 0 ? (
                  <rect
                    key={name}
                    className={`series-${place}`}
                    x={x + (slot - bar) / 2}
                    y={y(base)}
                    width={bar}
                    height={Math.max(1, y(from) - y(base))}
                  />
                ) : null;
              })}
              {(labels.length - 1 - index) % every === 0 && (
                <text className="chart-label" x={x + slot / 2} y={HEIGHT - 6}>
                  {text}
                </text>
              )}
            </g>
          );
        })}
      </svg>
      <input
        type="range"
        className="chart-slider"
        min={0}
        max={labels.length - 1}
        value={shown}
        aria-label="Time"
        aria-valuetext={`${names[shown]}: ${format(sums[shown]!)}`}
        onChange={(event) => setChosen(Number(event.target.value))}
      />
      <div className="chart-reading">
        <p>
          <span>{names[shown]}</span> <strong>{format(sums[shown]!)}</strong>
        </p>
        <ul>
          {series.map(({ name, values }, place) => (
            <li key={name}>
              <span className={`series-key series-${place}`} />
              {name}
              <span className="chart-part">{format(values[shown]!)}</span>
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}

/** Round steps of a scale that holds the most. */
function scale(most: number, axis: Axis): { readonly top: number; readonly step: number } {
  const unit = axis.unit(most);
  if (!(most > 0)) return { top: unit, step: unit };
  const rough = most / unit / LINES;
  const power = 10 ** Math.floor(Math.log10(rough));
  const round = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough * 0.999)!;
  const step = Math.max(round, axis.least ?? 0);
  return { top: Math.ceil(most / unit / step - 1e-9) * step * unit, step: step * unit };
}
