/**
 * Makes up what a picture does not show: how light and colours go on softly, and texture of what it does show upon that. Where
 * no texture fits it stays soft. Works on cells of a few pixels; only the finest detail is copied pixel by pixel.
 */
import type { JobContext } from "../../kernels/pool.ts";
import type { SampleLayout } from "../frames/layout.ts";
import { blurred, type Cells, interleaved, type PartialPlane, toCells } from "./cells.ts";
import { continuePlanes, nearestKnown } from "./continuation.ts";
import { meetEdge } from "./meet-edge.ts";
import { synthesise, type Texture } from "./texture.ts";

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
  meetEdge(cells, near, details, bands, trust);
  return {
    trust,
    low: channels.map((channel, c) =>
      channel.map((value, i) => (known[i] ? value : value + trust[i]! * (bands[c]![i]! - value))),
    ),
  };
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
