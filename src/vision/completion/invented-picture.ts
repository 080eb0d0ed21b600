/**
 * Makes up what a picture does not show: how light and colours go on softly, and texture of what it does show upon that. Where
 * no texture fits it stays soft. Works on cells of a few pixels; only the finest detail is copied pixel by pixel.
 */
import type { JobContext } from "../../kernels/pool.ts";
import type { SampleLayout } from "../frames/layout.ts";
import { continuePlanes, nearestKnown } from "./continuation.ts";
import { MOST_TEXTURE_PIXELS, synthesise, type Texture } from "./texture.ts";

/** One plane: samples, and 1 where they hold. */
export type PartialPlane = { readonly values: Float32Array; readonly known: Uint8Array };

/** Radius of the blur that leaves only what is soft, in shares of the shorter side: all that is finer comes from elsewhere. */
const SOFT = 0.09;
/** Radius in cells of the blur that sets the finest detail, which is copied as it is, apart from what is blended at seams. */
const FINE = 4;
/** Mean squared difference, in levels, at which texture that does not fit gives way to half; and the radius in cells of that. */
const MISFIT = 400;
const GIVING_WAY = 4;
/** The same for how far what is soft is from what is soft where the texture comes from. */
const AWAY = 800;
/** How much it counts that texture is stronger or weaker there. */
const ROUGHNESS = 1.2;
/** How far a difference at the picture's edge is levelled, and texture that does not go on there gives way, in shares of the shorter side. */
const LEVELLING = 0.1;
const MEETING = 0.05;
/** Radius in cells over which differences along the edge are averaged, and mean squared ones that do not count. */
const ALONG = 4;
const LEAST_MISFIT = 60;

/** Cells: a reduced picture, its channels in 8-bit levels. */
type Cells = {
  readonly width: number;
  readonly height: number;
  /** Pixels a side. */
  readonly factor: number;
  readonly channels: readonly Float32Array[];
  readonly known: Uint8Array;
  readonly source: Uint8Array;
};

/**
 * Overwrites what is not known in the planes' values.
 * @param source 1 at the luma pixels that may be copied.
 */
export function inventPicture(
  context: JobContext,
  layout: Pick<SampleLayout, "format" | "sizes">,
  planes: readonly PartialPlane[],
  source: Uint8Array,
): void {
  const cells = toCells(layout, planes, source);
  const { width, height, channels, known } = cells;
  if (!known.includes(1) || !known.includes(0)) return;
  const near = nearestKnown(cells)!;
  continuePlanes(cells, near, channels);
  const radius = Math.max(2, Math.round(SOFT * Math.min(width, height)));
  const soft = channels.map((channel) => blurred(channel, width, height, radius));
  const middle = channels.map((channel) => blurred(channel, width, height, FINE));
  const rough = roughness(cells, near, channels, soft, radius);
  const texture = synthesise(context, {
    width,
    height,
    pixels: interleaved(channels),
    guide: interleaved([...soft, rough]),
    known,
    source: cells.source,
  });
  const bands = texture && blend(cells, near, texture, { soft, middle, rough });
  for (const [i, plane] of planes.entries()) {
    const low = bands?.low[i] ?? channels[i]!;
    compose(layout, i, plane, cells, { low, middle: middle[i]!, trust: bands?.trust, from: texture?.from });
  }
}

/** How much texture there is around each cell, continued as the picture is: what is smooth goes on smoothly. */
function roughness(
  cells: Cells,
  near: Int32Array,
  channels: readonly Float32Array[],
  soft: readonly Float32Array[],
  radius: number,
): Float32Array {
  const { width, height, known } = cells;
  const energy = channels[0]!.map((_, i) =>
    known[i] ? channels.reduce((sum, channel, c) => sum + (channel[i]! - soft[c]![i]!) ** 2, 0) : 0,
  );
  continuePlanes(cells, near, [energy]);
  return blurred(energy, width, height, radius >> 1).map((value) => ROUGHNESS * Math.sqrt(Math.max(0, value)));
}

/** The texture's share of each cell, 0 to 1, and what is not the finest detail. */
type Blend = { readonly trust: Float32Array; readonly low: readonly Float32Array[] };

function blend(
  cells: Cells,
  near: Int32Array,
  { from, errors }: Texture,
  { soft, middle, rough }: { soft: readonly Float32Array[]; middle: readonly Float32Array[]; rough: Float32Array },
): Blend {
  const { width, height, known, channels } = cells;
  const bands = channels.map((_, c) => {
    const band = Float32Array.from(from, (place) => (place < 0 ? 0 : middle[c]![place]! - soft[c]![place]!));
    const smooth = blurred(band, width, height, FINE);
    return smooth.map((value, i) => value + soft[c]![i]!);
  });
  const fits = errors.map((error, i) => {
    if (known[i]) return 1;
    const place = from[i]!;
    if (place < 0) return 0;
    let away = 0;
    for (const channel of soft) away += (channel[i]! - channel[place]!) ** 2;
    // Texture that is stronger than it should be is seen less.
    const share = Math.min(1, (rough[i]! + ROUGHNESS) / (rough[place]! + ROUGHNESS));
    return share / (1 + (error / MISFIT) ** 2 + (away / AWAY) ** 2);
  });
  const trust = blurred(fits, width, height, GIVING_WAY);
  const details = channels.map((channel, c) =>
    Float32Array.from(from, (place, i) => (place < 0 ? 0 : bands[c]![i]! + channel[place]! - middle[c]![place]!)),
  );
  meet(cells, near, details, bands, trust);
  return {
    trust,
    low: channels.map((channel, c) =>
      channel.map((value, i) => (known[i] ? value : value + trust[i]! * (bands[c]![i]! - value))),
    ),
  };
}

/** A cell that is not known, one beside it that is, and the next behind that. */
type Edge = readonly [number, number, number];

/**
 * Has the texture meet the picture at its edge: by how much it is brighter there is taken off, less the further out; where it
 * still does not go on as the picture does, it gives way to what is soft, until some way out.
 * @param textures what the texture shows of each channel. @param bands of these, all but the finest detail; levelled. @param trust lowered.
 */
function meet(
  { width, height, known, channels }: Cells,
  near: Int32Array,
  textures: readonly Float32Array[],
  bands: readonly Float32Array[],
  trust: Float32Array,
): void {
  const side = Math.min(width, height);
  const [levelling, meeting] = [LEVELLING * side, MEETING * side];
  const edge: Edge[] = [];
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const i = y * width + x;
      if (known[i]) continue;
      for (const step of [-1, 1, -width, width]) if (known[i + step]) edge.push([i, i + step, i + 2 * step]);
    }
  }
  const smeared = (value: (one: Edge) => number): Float32Array => {
    const sums = new Float32Array(known.length);
    for (const one of edge) sums[one[1]]! += value(one);
    return blurred(sums, width, height, ALONG);
  };
  const counts = smeared(() => 1);
  /** Mean of a value along the edge, at the known cells there. */
  const along = (value: (one: Edge) => number): Float32Array =>
    smeared(value).map((sum, i) => (counts[i]! > 1e-6 ? sum / counts[i]! : 0));
  const jumps = channels.map((channel, c) => along(([out, at]) => channel[at]! - textures[c]![out]!));
  const away = Float32Array.from(near, (at, i) =>
    Math.hypot((i % width) - (at % width), Math.floor(i / width) - Math.floor(at / width)),
  );
  for (const [c, jump] of jumps.entries()) {
    const field = jump.map((_, i) => (known[i] ? jump[i]! : jump[near[i]!]! * Math.exp(-away[i]! / levelling)));
    const smooth = blurred(field, width, height, FINE);
    for (let i = 0; i < known.length; i++) {
      if (known[i]) continue;
      bands[c]![i]! += smooth[i]!;
      textures[c]![i]! += smooth[i]!;
    }
  }
  const squared = (a: number, b: (c: number) => number): number =>
    channels.reduce((sum, channel, c) => sum + (channel[a]! - b(c)) ** 2, 0);
  const misfit = along(([out, at]) => squared(at, (c) => textures[c]![out]!));
  const usual = along(([, at, inside]) => (known[inside] ? squared(at, (c) => channels[c]![inside]!) : 0));
  for (let i = 0; i < known.length; i++) {
    if (known[i]) continue;
    const at = near[i]!;
    const excess = misfit[at]! / (2 * usual[at]! + LEAST_MISFIT);
    trust[i]! *= 1 - Math.exp(-away[i]! / meeting) * (1 - 1 / (1 + excess ** 2));
  }
}

type Bands = {
  readonly low: Float32Array;
  readonly middle: Float32Array;
  readonly trust: Float32Array | undefined;
  readonly from: Int32Array | undefined;
};

/** Fills a plane from the cells. */
function compose(
  { format, sizes }: Pick<SampleLayout, "format" | "sizes">,
  index: number,
  { values, known }: PartialPlane,
  { width: columns, height: rows, factor, known: whole }: Cells,
  { low, middle, trust, from }: Bands,
): void {
  const { width, height, shiftX, shiftY } = sizes[index]!;
  const unit = 2 ** (format.bitDepth - 8);
  const across = places(width, 2 ** shiftX / factor, columns);
  const down = places(height, 2 ** shiftY / factor, rows);
  const fine = new Float32Array(values.length);
  if (from) {
    for (let y = 0, i = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++)
        if (known[i]) fine[i] = values[i]! - unit * sample(middle, columns, across, down, x, y);
    }
  }
  const [stepX, stepY] = [factor / 2 ** shiftX, factor / 2 ** shiftY];
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (known[i]) continue;
      let [detail, total] = [0, 0];
      for (let k = 0; from && k < 4; k++) {
        const cx = across.first[x]! + (k & 1 && across.first[x]! + 1 < columns ? 1 : 0);
        const cy = down.first[y]! + (k > 1 && down.first[y]! + 1 < rows ? 1 : 0);
        const weight =
          (k & 1 ? across.share[x]! : 1 - across.share[x]!) * (k > 1 ? down.share[y]! : 1 - down.share[y]!);
        const cell = cy * columns + cx;
        const place = from[cell]!;
        if (weight === 0 || place < 0 || whole[cell]) continue;
        const sx = clamp(x + Math.round(((place % columns) - cx) * stepX), width);
        const sy = clamp(y + Math.round((Math.floor(place / columns) - cy) * stepY), height);
        detail += weight * fine[sy * width + sx]!;
        total += weight;
      }
      const seen = trust && total > 0 ? (detail / total) * sample(trust, columns, across, down, x, y) : 0;
      values[i] = unit * sample(low, columns, across, down, x, y) + seen;
    }
  }
}

/** Along one side: the cell before each sample's centre, and how far the sample is on its way to the next. */
type Places = { readonly first: Int32Array; readonly share: Float32Array };

function places(samples: number, scale: number, cells: number): Places {
  const [first, share] = [new Int32Array(samples), new Float32Array(samples)];
  for (let i = 0; i < samples; i++) {
    const at = Math.min(cells - 1, Math.max(0, (i + 0.5) * scale - 0.5));
    first[i] = Math.floor(at);
    share[i] = at - first[i]!;
  }
  return { first, share };
}

function sample(cells: Float32Array, columns: number, across: Places, down: Places, x: number, y: number): number {
  const [fx, fy] = [across.share[x]!, down.share[y]!];
  const at = down.first[y]! * columns + across.first[x]!;
  const right = fx > 0 ? 1 : 0;
  const below = fy > 0 ? columns : 0;
  const top = cells[at]! + (cells[at + right]! - cells[at]!) * fx;
  const bottom = cells[at + below]! + (cells[at + below + right]! - cells[at + below]!) * fx;
  return top + (bottom - top) * fy;
}

function clamp(place: number, length: number): number {
  return Math.min(length - 1, Math.max(0, place));
}

function toCells(
  { format, sizes }: Pick<SampleLayout, "format" | "sizes">,
  planes: readonly PartialPlane[],
  source: Uint8Array,
): Cells {
  const factor = Math.ceil(Math.sqrt((format.width * format.height) / MOST_TEXTURE_PIXELS));
  const [width, height] = [Math.ceil(format.width / factor), Math.ceil(format.height / factor)];
  const known = new Uint8Array(width * height).fill(1);
  const copied = new Uint8Array(width * height).fill(1);
  const unit = 1 / (factor * factor * 2 ** (format.bitDepth - 8));
  const channels = planes.map(({ values, known: isKnown }, index) => {
    const { shiftX, shiftY, width: length } = sizes[index]!;
    const out = new Float32Array(width * height);
    for (let y = 0; y < height * factor; y++) {
      const ly = Math.min(format.height - 1, y);
      for (let x = 0; x < width * factor; x++) {
        const lx = Math.min(format.width - 1, x);
        const [cell, at] = [
          Math.floor(y / factor) * width + Math.floor(x / factor),
          (ly >> shiftY) * length + (lx >> shiftX),
        ];
        out[cell]! += values[at]! * unit;
        if (!isKnown[at]) known[cell] = 0;
        if (!source[ly * format.width + lx]) copied[cell] = 0;
      }
    }
    return out;
  });
  for (let i = 0; i < known.length; i++) copied[i]! &= known[i]!;
  return { width, height, factor, channels, known, source: copied };
}

function interleaved(channels: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(4 * channels[0]!.length);
  for (const [c, channel] of channels.entries()) for (let i = 0; i < channel.length; i++) out[4 * i + c] = channel[i]!;
  return out;
}

/** Two box blurs of a radius; beyond its edge the picture repeats what is there. */
function blurred(picture: Float32Array, width: number, height: number, radius: number): Float32Array {
  const [values, turned] = [Float32Array.from(picture), new Float32Array(picture.length)];
  for (let pass = 0; pass < 2; pass++) {
    boxLines(values, turned, width, height, radius);
    boxLines(turned, values, height, width, radius);
  }
  return values;
}

/** Blurs along rows, and writes rows as columns. */
function boxLines(from: Float32Array, to: Float32Array, width: number, height: number, radius: number): void {
  const scale = 1 / (2 * radius + 1);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    const [first, last] = [from[row]!, from[row + width - 1]!];
    let sum = first * radius;
    for (let x = 0; x <= radius; x++) sum += x < width ? from[row + x]! : last;
    for (let x = 0; x < width; x++) {
      to[x * height + y] = sum * scale;
      sum += x + radius + 1 < width ? from[row + x + radius + 1]! : last;
      sum -= x - radius >= 0 ? from[row + x - radius]! : first;
    }
  }
}
