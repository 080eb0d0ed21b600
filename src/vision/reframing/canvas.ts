/** Clips on canvases: the source in its place, everything around it marked as missing. */
import type { Frame, FrameFormat, Plane, TimedFrame } from "../../media/frame.ts";
import { REMOVE } from "../mask.ts";
import type { Box } from "../registration/align.ts";
import type { MaskedFrame } from "../removal/options.ts";
import type { Borders } from "./borders.ts";
import type { Axis, View } from "./placement.ts";
import { type Cut, Sampler } from "./sample.ts";

/** How the frames of a stream come onto their canvas. */
export type Canvas = {
  /** The result's. */
  readonly format: FrameFormat;
  /** The source's. */
  readonly source: FrameFormat;
  readonly borders: Borders;
  readonly view: View;
  readonly chromaSite: { readonly x: number; readonly y: number };
  /** Of each frame: share of the slack that lies before what is seen, 0 to 1. */
  readonly path: (frame: number) => { readonly x: number; readonly y: number };
  /** Things in a frame of the source, in its luma pixels: what may move by itself, and what stands still. */
  readonly thingsIn?: (
    frame: Frame,
    index: number,
  ) => { readonly moving: readonly Box[]; readonly still: readonly Box[] };
};

/** Whether the source leaves a part of the canvas uncovered. */
export function hasRoom({ format, view }: Pick<Canvas, "format" | "view">): boolean {
  return view.x.length < format.width || view.y.length < format.height;
}

/** The luma rectangle of a canvas that shows the source. */
export function pictureOf({ x, y }: View): Box {
  return { x0: x.start, y0: y.start, x1: x.start + x.length, y1: y.start + y.length };
}

/** The frames as they are to be completed. */
export async function* onCanvas(frames: AsyncIterable<TimedFrame>, canvas: Canvas): AsyncGenerator<MaskedFrame> {
  const { format, source, borders, view, path } = canvas;
  const sampler = new Sampler(source, canvas.chromaSite);
  const labels = missing(format, view);
  const sides = {
    x: [borders.left, source.width - borders.left - borders.right],
    y: [borders.top, source.height - borders.top - borders.bottom],
  } as const;
  let index = 0;
  for await (const { frame, pts } of frames) {
    const share = path(index++);
    const drawn = emptyFrame(format);
    const x = cutOf(view.x, share.x, ...sides.x);
    const y = cutOf(view.y, share.y, ...sides.y);
    sampler.draw(frame, x, y, drawn, { x: view.x.start, y: view.y.start });
    const things = canvas.thingsIn?.(frame, index - 1);
    const placed = (boxes: readonly Box[]): Box[] => boxes.map((box) => onto(box, x, y, view));
    yield {
      frame: drawn,
      pts,
      labels,
      ...(things && { moving: placed(things.moving), still: placed(things.still) }),
    };
  }
}

function cutOf({ drawn, before, slack, length }: Axis, share: number, first: number, size: number): Cut {
  const step = size / drawn;
  return { from: first + (before + slack * share) * step, step, length };
}

function onto(box: Box, x: Cut, y: Cut, view: View): Box {
  return {
    x0: view.x.start + Math.floor((box.x0 - x.from) / x.step),
    y0: view.y.start + Math.floor((box.y0 - y.from) / y.step),
    x1: view.x.start + Math.ceil((box.x1 - x.from) / x.step),
    y1: view.y.start + Math.ceil((box.y1 - y.from) / y.step),
  };
}

function missing({ width, height }: FrameFormat, { x, y }: View): Uint8Array {
  const labels = new Uint8Array(width * height).fill(REMOVE);
  for (let row = y.start; row < y.start + y.length; row++) {
    labels.fill(0, row * width + x.start, row * width + x.start + x.length);
  }
  return labels;
}

function emptyFrame({ width, height, chromaShiftX, chromaShiftY, bitDepth }: FrameFormat): Frame {
  const plane = (w: number, h: number): Plane => {
    const data = bitDepth > 8 ? new Uint16Array(w * h) : new Uint8Array(w * h);
    return { data: data.fill(2 ** (bitDepth - 1)), width: w, height: h, stride: w };
  };
  const [w, h] = [
    (width + (1 << chromaShiftX) - 1) >> chromaShiftX,
    (height + (1 << chromaShiftY) - 1) >> chromaShiftY,
  ];
  return { planes: [plane(width, height), plane(w, h), plane(w, h)] };
}
