/** A person's outline inside a box: MediaPipe's selfie segmentation. */
import { fillRgb } from "./detect.ts";
import { Net } from "./net.ts";
import type { Box, Picture } from "./picture.ts";

const SIZE = 256;
/** The part of the picture that the net sees, against the box's longer side. */
const MARGIN = 1.15;
const OUTPUT = "activation_10";

/** Outlines people; holds the net. */
export class PersonOutline {
  readonly #net = new Net("selfie");

  /** @returns how likely each pixel is the person's, 0 to 1; 0 outside what was looked at. */
  outline(picture: Picture, fullRange: boolean, box: Box): Float32Array {
    const { width, height } = picture;
    const side = MARGIN * Math.max(box.x1 - box.x0, box.y1 - box.y0);
    const [cx, cy] = [(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2];
    const part: Box = { x0: cx - side / 2, y0: cy - side / 2, x1: cx + side / 2, y1: cy + side / 2 };
    const data = new Float32Array(SIZE * SIZE * 3);
    fillRgb(picture, fullRange, part, SIZE, SIZE, (x, y, red, green, blue) => {
      const at = (y * SIZE + x) * 3;
      data[at] = red / 255;
      data[at + 1] = green / 255;
      data[at + 2] = blue / 255;
    });
    const [out] = this.#net.run({ height: SIZE, width: SIZE, channels: 3, data }, [OUTPUT]);
    const result = new Float32Array(width * height);
    const scale = SIZE / side;
    for (let y = Math.max(0, Math.floor(part.y0)); y < Math.min(height, part.y1); y++) {
      for (let x = Math.max(0, Math.floor(part.x0)); x < Math.min(width, part.x1); x++) {
        const sx = Math.max(0, Math.min(SIZE - 1, Math.floor((x + 0.5 - part.x0) * scale)));
        const sy = Math.max(0, Math.min(SIZE - 1, Math.floor((y + 0.5 - part.y0) * scale)));
        result[y * width + x] = out!.data[sy * SIZE + sx]!;
      }
    }
    return result;
  }
}
