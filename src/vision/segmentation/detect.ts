/** Things of everyday life in a picture: NanoDet, trained on the 80 classes of COCO. */
import { Net } from "./net.ts";
import type { Box, Picture } from "./picture.ts";

/** Something found. */
export type Detection = {
  /** Index into {@link CLASSES}. */
  readonly kind: number;
  /** 0 to 1. */
  readonly score: number;
  readonly box: Box;
};

/** Names of the classes, as COCO orders them. */
export const CLASSES: readonly string[] =
  "person,bicycle,car,motorcycle,airplane,bus,train,truck,boat,traffic light,fire hydrant,stop sign,parking meter,bench,bird,cat,dog,horse,sheep,cow,elephant,bear,zebra,giraffe,backpack,umbrella,handbag,tie,suitcase,frisbee,skis,snowboard,sports ball,kite,baseball bat,baseball glove,skateboard,surfboard,tennis racket,bottle,wine glass,cup,fork,knife,spoon,bowl,banana,apple,sandwich,orange,broccoli,carrot,hot dog,pizza,donut,cake,chair,couch,potted plant,bed,dining table,toilet,tv,laptop,mouse,remote,keyboard,cell phone,microwave,oven,toaster,sink,refrigerator,book,clock,vase,scissors,teddy bear,hair drier,toothbrush".split(
    ",",
  );

const SIZE = 416;
const BINS = 11;
/** The net's mean and spread of blue, green and red. */
const MEAN = [103.53, 116.28, 123.675];
const SPREAD = [57.375, 57.12, 58.395];
const LEVELS = [
  { stride: 8, scores: "Identity", edges: "Identity_3" },
  { stride: 16, scores: "Identity_1", edges: "Identity_4" },
  { stride: 32, scores: "Identity_2", edges: "Identity_5" },
] as const;
/** Boxes of one class that overlap more than this are one. */
const SAME = 0.5;

/** Finds things; holds the net. */
export class Detector {
  readonly #net = new Net("nanodet");

  /** @param least score. @returns what was found, best first. */
  detect(picture: Picture, fullRange: boolean, least: number): Detection[] {
    const { width, height } = picture;
    const scale = SIZE / Math.max(width, height);
    const data = new Float32Array(SIZE * SIZE * 3);
    const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
    fillRgb(picture, fullRange, { x0: 0, y0: 0, x1: width, y1: height }, w, h, (x, y, red, green, blue) => {
      const at = (y * SIZE + x) * 3;
      data[at] = (blue - MEAN[0]!) / SPREAD[0]!;
      data[at + 1] = (green - MEAN[1]!) / SPREAD[1]!;
      data[at + 2] = (red - MEAN[2]!) / SPREAD[2]!;
    });
    const names = LEVELS.flatMap(({ scores, edges }) => [scores, edges]);
    const outputs = this.#net.run({ height: SIZE, width: SIZE, channels: 3, data }, names);
    const found: Detection[] = [];
    for (const [level, { stride }] of LEVELS.entries()) {
      const scores = outputs[2 * level]!.data;
      const edges = outputs[2 * level + 1]!.data;
      const side = SIZE / stride;
      for (let i = 0; i < side * side; i++) {
        for (let kind = 0; kind < CLASSES.length; kind++) {
          const score = scores[i * CLASSES.length + kind]!;
          if (score < least) continue;
          const [cx, cy] = [((i % side) + 0.5) * stride, (Math.floor(i / side) + 0.5) * stride];
          const reach = (edge: number): number => expected(edges, i * 4 * BINS + edge * BINS) * stride;
          found.push({
            kind,
            score,
            box: {
              x0: Math.max(0, (cx - reach(0)) / scale),
              y0: Math.max(0, (cy - reach(1)) / scale),
              x1: Math.min(width, (cx + reach(2)) / scale),
              y1: Math.min(height, (cy + reach(3)) / scale),
            },
          });
        }
      }
    }
    found.sort((a, b) => b.score - a.score);
    const kept: Detection[] = [];
    for (const one of found) {
      if (kept.every((other) => other.kind !== one.kind || shared(other.box, one.box) < SAME)) kept.push(one);
    }
    return kept;
  }
}

/** Area two boxes share, of the area they cover together. */
export function shared(a: Box, b: Box): number {
  const w = Math.min(a.x1, b.x1) - Math.max(a.x0, b.x0);
  const h = Math.min(a.y1, b.y1) - Math.max(a.y0, b.y0);
  if (w <= 0 || h <= 0) return 0;
  const area = (box: Box): number => (box.x1 - box.x0) * (box.y1 - box.y0);
  return (w * h) / (area(a) + area(b) - w * h);
}

/** The mean of a distribution given by logits. */
function expected(logits: Float32Array, from: number): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < BINS; i++) most = Math.max(most, logits[from + i]!);
  let [sum, weighted] = [0, 0];
  for (let i = 0; i < BINS; i++) {
    const weight = Math.exp(logits[from + i]! - most);
    sum += weight;
    weighted += i * weight;
  }
  return weighted / sum;
}

/** Resamples a part of a picture and hands out its colours, 0 to 255 (BT.709; nets do not care which matrix). */
export function fillRgb(
  { width, height, y, u, v }: Picture,
  fullRange: boolean,
  part: Box,
  w: number,
  h: number,
  put: (x: number, y: number, red: number, green: number, blue: number) => void,
): void {
  const [black, gain, chroma] = fullRange ? [0, 1, 1] : [16, 255 / 219, 255 / 224];
  const columns = places(part.x0, part.x1, w, width);
  const rows = places(part.y0, part.y1, h, height);
  for (let row = 0; row < h; row++) {
    const [top, bottom, fy] = [rows.before[row]! * width, rows.after[row]! * width, rows.share[row]!];
    for (let column = 0; column < w; column++) {
      const [x0, x1, fx] = [columns.before[column]!, columns.after[column]!, columns.share[column]!];
      const mix = (plane: Uint8Array): number =>
        (plane[top + x0]! * (1 - fx) + plane[top + x1]! * fx) * (1 - fy) +
        (plane[bottom + x0]! * (1 - fx) + plane[bottom + x1]! * fx) * fy;
      const luma = (mix(y) - black) * gain;
      const [cb, cr] = [(mix(u) - 128) * chroma, (mix(v) - 128) * chroma];
      put(column, row, luma + 1.5748 * cr, luma - 0.1873 * cb - 0.4681 * cr, luma + 1.8556 * cb);
    }
  }
}

/** Where `count` pixels between `from` and `to` lie along a side of `length` pixels: between which two, and how near the second. */
function places(from: number, to: number, count: number, length: number) {
  const [before, after] = [new Int32Array(count), new Int32Array(count)];
  const share = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const at = Math.max(0, Math.min(length - 1, from + ((i + 0.5) * (to - from)) / count - 0.5));
    before[i] = Math.floor(at);
    after[i] = Math.min(length - 1, before[i]! + 1);
    share[i] = at - before[i]!;
  }
  return { before, after, share };
}
