/** The frame that is worked on: the clip, the masks above it, and what pointer and keys do there. */
import { type KeyboardEvent, type PointerEvent, type ReactNode, useEffect, useRef, useState } from "react";
import type { ClickPoint } from "./edits.ts";
import {
  copyMask,
  type FrameMasks,
  greyPicture,
  type Levels,
  type Mask,
  type Rect,
  type Size,
  stroke,
} from "./mask.ts";
import { drawOverlay } from "./overlay.ts";

/** What a press on the frame does. */
export type Tool = "add" | "remove" | "paint" | "erase";

type Point = { readonly x: number; readonly y: number };

/** Shares of the frame that an arrow key moves the cross hairs by; with Shift, the small one. */
const [STEP, SMALL_STEP] = [0.025, 0.004];

const MIDDLE: Point = { x: 0.5, y: 0.5 };

type StageProps = {
  readonly video: ReactNode;
  readonly raster: Size;
  readonly masks: FrameMasks;
  /** The masks alone, in these levels; undefined: over the clip. */
  readonly alone: Levels | undefined;
  readonly points: readonly ClickPoint[];
  readonly tool: Tool;
  /** Which mask is painted. */
  readonly layer: keyof FrameMasks;
  /** In pixels of the raster. */
  readonly radius: number;
  readonly busy: boolean;
  /** The mask that a stroke begins with. */
  readonly base: () => Mask;
  readonly onClick: (point: ClickPoint) => void;
  readonly onPainted: (mask: Mask) => void;
  readonly describedBy: string;
};

/** The stage. Arrow keys move cross hairs, Enter or Space presses there. */
export function Stage(props: StageProps) {
  const { raster, masks, alone, points, tool, layer, radius, busy, base, onClick, onPainted } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const drawing = useRef<{ mask: Mask; last: Point }>(undefined);
  const [cursor, setCursor] = useState<Point>();
  const [keyed, setKeyed] = useState(false);
  const brush = tool === "paint" || tool === "erase";

  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context || drawing.current) return;
    if (alone) context.drawImage(greyPicture(masks, raster, alone), 0, 0);
    else drawOverlay(context, masks, raster);
  }, [masks, alone, raster]);

  const redraw = (mask: Mask, rect: Rect): void => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    const shown = { ...masks, [layer]: mask };
    if (alone) context.drawImage(greyPicture(shown, raster, alone), 0, 0);
    else drawOverlay(context, shown, raster, rect);
  };

  /** Where a pointer is, in shares of the frame. */
  const placeOf = ({ clientX, clientY }: PointerEvent): Point => {
    const box = canvas.current!.getBoundingClientRect();
    return { x: (clientX - box.left) / box.width, y: (clientY - box.top) / box.height };
  };
  const dab = (from: Point, to: Point): void => {
    const now = drawing.current;
    if (!now) return;
    const pixel = ({ x, y }: Point): Point => ({ x: x * raster.width, y: y * raster.height });
    redraw(now.mask, stroke(now.mask, pixel(from), pixel(to), radius, tool === "paint" ? 1 : 0));
    now.last = to;
  };
  const press = (at: Point): void => {
    drawing.current = { mask: copyMask(base()), last: at };
    dab(at, at);
  };
  const release = (): void => {
    const now = drawing.current;
    drawing.current = undefined;
    if (now) onPainted(now.mask);
  };

  const onPointerDown = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    setKeyed(false);
    const at = placeOf(event);
    if (!brush) {
      if (!busy && inside(at)) onClick({ ...at, positive: tool === "add" });
      return;
    }
    event.currentTarget.setPointerCapture(event.pointerId);
    press(at);
  };
  const onPointerMove = (event: PointerEvent): void => {
    const at = placeOf(event);
    setCursor(at);
    const now = drawing.current;
    if (now) dab(now.last, at);
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.shiftKey ? SMALL_STEP : STEP;
    const moves: Record<string, Point> = {
      ArrowLeft: { x: -step, y: 0 },
      ArrowRight: { x: step, y: 0 },
      ArrowUp: { x: 0, y: -step },
      ArrowDown: { x: 0, y: step },
    };
    const move = moves[event.key];
    const at = cursor ?? MIDDLE;
    if (move) {
      event.preventDefault();
      const next = { x: clamp(at.x + move.x), y: clamp(at.y + move.y) };
      setKeyed(true);
      setCursor(next);
    } else if ((event.key === "Enter" || event.key === " ") && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      event.stopPropagation();
      setKeyed(true);
      setCursor(at);
      if (!brush) {
        if (!busy) onClick({ ...at, positive: tool === "add" });
      } else {
        press(at);
        release();
      }
    }
  };

  const dot = (100 * 2 * radius) / raster.width;
  return (
    <div
      className="studio-stage"
      style={{ aspectRatio: `${raster.width} / ${raster.height}`, "--shape": raster.width / raster.height } as object}
    >
      {props.video}
      <div
        className={`studio-touch ${brush ? "brush" : "click"}`}
        role="application"
        aria-label="Frame: arrow keys move the cross hairs, Enter marks"
        aria-describedby={props.describedBy}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: as above.
        tabIndex={0}
        onPointerDown={onPointerDown}
        onPointerMove={onPointerMove}
        onPointerUp={release}
        onPointerCancel={release}
        onPointerLeave={() => !drawing.current && setCursor(undefined)}
        onFocus={(event) => {
          if (!event.currentTarget.matches(":focus-visible")) return;
          setKeyed(true);
          setCursor(cursor ?? MIDDLE);
        }}
        onBlur={() => setKeyed(false)}
        onKeyDown={onKeyDown}
      >
        <canvas ref={canvas} width={raster.width} height={raster.height} />
        {!alone &&
          points.map(({ x, y, positive }, index) => (
            <span
              // biome-ignore lint/suspicious/noArrayIndexKey: points are told apart by their place in the list.
              key={index}
              className={`studio-point ${positive ? "on" : "off"}`}
              style={{ left: `${100 * x}%`, top: `${100 * y}%` }}
            />
          ))}
        {cursor && brush && (
          <span
            className={`studio-brush ${tool}`}
            style={{ left: `${100 * cursor.x}%`, top: `${100 * cursor.y}%`, width: `${dot}%` }}
          />
        )}
        {cursor && keyed && (
          <span className="studio-cross" style={{ left: `${100 * cursor.x}%`, top: `${100 * cursor.y}%` }} />
        )}
        {busy && <span className="studio-busy" />}
      </div>
    </div>
  );
}

function inside({ x, y }: Point): boolean {
  return x >= 0 && y >= 0 && x < 1 && y < 1;
}

function clamp(share: number): number {
  return Math.max(0, Math.min(0.9999, share));
}
