/** Draws masks over the clip: tinted inside, with a line at their edge. */
import type { FrameMasks, Mask, Rect, Size } from "./mask.ts";

/** Red, green, blue. They are far from each other, and from skin, grass and sky. */
const COLOURS = { object: [255, 45, 120], affected: [30, 170, 255] } as const;
const FILL = 105;
const EDGE = 255;

/** Draws a rectangle of a frame's masks; the whole frame without one. */
export function drawOverlay(context: CanvasRenderingContext2D, masks: FrameMasks, size: Size, rect?: Rect): void {
  const { x0, y0, x1, y1 } = grown(rect ?? { x0: 0, y0: 0, x1: size.width, y1: size.height }, size);
  if (x1 <= x0 || y1 <= y0) return;
  const image = context.createImageData(x1 - x0, y1 - y0);
  for (const layer of ["affected", "object"] as const) {
    const mask = masks[layer];
    if (mask) tint(image, mask, COLOURS[layer], x0, y0);
  }
  context.putImageData(image, x0, y0);
}

function tint(image: ImageData, mask: Mask, colour: readonly [number, number, number], x0: number, y0: number): void {
  const { width, height, data } = mask;
  // A line that is as wide on large rasters as it looks on small ones.
  const line = Math.max(1, Math.round(Math.max(width, height) / 480));
  for (let y = 0, to = 0; y < image.height; y++) {
    const row = (y + y0) * width;
    for (let x = 0; x < image.width; x++, to += 4) {
      const i = row + x + x0;
      if (!data[i]) continue;
      const [px, py] = [x + x0, y + y0];
      const isEdge =
        (px >= line && !data[i - line]) ||
        (px < width - line && !data[i + line]) ||
        (py >= line && !data[i - line * width]) ||
        (py < height - line && !data[i + line * width]);
      image.data.set(colour, to);
      image.data[to + 3] = isEdge ? EDGE : FILL;
    }
  }
}

/** Edges of what changed may lie a little beside it. */
function grown({ x0, y0, x1, y1 }: Rect, { width, height }: Size): Rect {
  const by = 4;
  return {
    x0: Math.max(0, x0 - by),
    y0: Math.max(0, y0 - by),
    x1: Math.min(width, x1 + by),
    y1: Math.min(height, y1 + by),
  };
}
