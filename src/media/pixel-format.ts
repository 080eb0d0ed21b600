/** Which planar YUV layout stands for which of FFmpeg's pixel formats. */
import { AV_PIX_FMT_NONE, type AVPixelFormat } from "node-av/constants";
import { avGetPixFmtFromName, avGetPixFmtName } from "node-av/lib";
import type { FrameFormat } from "./frame.ts";

/** Layout of planar YUV. */
export type Layout = Pick<FrameFormat, "chromaShiftX" | "chromaShiftY" | "bitDepth">;

/** How a decoder's pictures become frames. */
export type Reading = Layout & {
  /** `planes`: copied as they are. `convert`: to planar, colours unchanged. `rgb`: computed from RGB. `grey`: luma only. */
  readonly way: "planes" | "convert" | "rgb" | "grey";
  /** Whether the picture says how much of it is to be seen. */
  readonly hasAlpha: boolean;
  /** Full range by definition of the format (the `yuvj` formats). */
  readonly isFull: boolean;
};

const SUBSAMPLING: Readonly<Record<string, readonly [0 | 1 | 2, 0 | 1]>> = {
  "420": [1, 1],
  "422": [1, 0],
  "444": [0, 0],
  "440": [0, 1],
  "411": [2, 0],
};

/** YUV formats that are not three planes, by the chroma subsampling they hold. */
const PACKED: readonly (readonly [RegExp, string])[] = [
  [/^(nv12|nv21|p01[026])/, "420"],
  [/^(nv16|nv20|p21[026]|yuyv422|uyvy422|yvyu422|y21[026])/, "422"],
  [/^(nv24|nv42|p41[026]|xv30|xv36|xv48|vyu444|vuy[ax]|ayuv|uyva|v30x|ayuv64)/, "444"],
  [/^uyyvyy411/, "411"],
];

/** How pictures of a pixel format are read; width and height decide the layout of converted RGB. */
export function readingOf(pixelFormat: AVPixelFormat, width: number, height: number): Reading {
  const name = avGetPixFmtName(pixelFormat) ?? "";
  const hasAlpha = /^(yuva|rgba|bgra|argb|abgr|gbrap|pal8|ya\d|vuya|ayuv|uyva)/.test(name);
  const forConverted: readonly [0 | 1, 0 | 1] = width % 2 === 0 && height % 2 === 0 ? [1, 1] : [0, 0];

  const planar = /^yuv([ja]?)(4\d\d)p(\d*)(le|be)?$/.exec(name);
  if (planar) {
    const [chromaShiftX, chromaShiftY] = SUBSAMPLING[planar[2]!] ?? [1, 1];
    const stored = planar[3] ? Number(planar[3]) : 8;
    const bitDepth = nearestDepth(stored);
    const asIs = stored === bitDepth && planar[4] !== "be" && planar[2] !== "410";
    const way = asIs ? "planes" : "convert";
    return { way, chromaShiftX, chromaShiftY, bitDepth, hasAlpha, isFull: planar[1] === "j" };
  }
  const grey = /^gray(\d*)(le|be|f32.*|f16.*)?$/.exec(name);
  if (grey && !grey[2]?.startsWith("f")) {
    const [chromaShiftX, chromaShiftY] = forConverted;
    const bitDepth = nearestDepth(grey[1] ? Number(grey[1]) : 8);
    return { way: "grey", chromaShiftX, chromaShiftY, bitDepth, hasAlpha, isFull: false };
  }
  const packed = PACKED.find(([pattern]) => pattern.test(name));
  if (packed) {
    const [chromaShiftX, chromaShiftY] = SUBSAMPLING[packed[1]]!;
    const bitDepth = /0(le|be)$|^nv20|30/.test(name) ? 10 : /[26](le|be)$|48|64/.test(name) ? 12 : 8;
    return { way: hasAlpha ? "rgb" : "convert", chromaShiftX, chromaShiftY, bitDepth, hasAlpha, isFull: false };
  }
  const [chromaShiftX, chromaShiftY] = forConverted;
  const bitDepth = /(9|10|12|14|16|30|48|64|f16|f32)(le|be|msb)*$/.test(name) && !/^(rgb|bgr)5/.test(name) ? 10 : 8;
  return { way: "rgb", chromaShiftX, chromaShiftY, bitDepth: hasAlpha ? 8 : bitDepth, hasAlpha, isFull: false };
}

/** FFmpeg's planar YUV format of a layout, optionally with an alpha plane. */
export function planarFormat({ chromaShiftX, chromaShiftY, bitDepth }: Layout, alpha = false): AVPixelFormat {
  const found = Object.entries(SUBSAMPLING).find(([, [x, y]]) => x === chromaShiftX && y === chromaShiftY)!;
  const format = avGetPixFmtFromName(`yuv${alpha ? "a" : ""}${found[0]}p${bitDepth > 8 ? `${bitDepth}le` : ""}`);
  if (format === AV_PIX_FMT_NONE) throw new Error(`no planar format ${found[0]} of ${bitDepth} bits`);
  return format;
}

function nearestDepth(bits: number): 8 | 10 | 12 {
  return bits <= 8 ? 8 : bits <= 10 ? 10 : 12;
}
