// Convolutions of small nets, rows of pixels with interleaved channels (NHWC), f32.

/**
 * A convolution without padding of rows [rowFrom, rowTo) of the output. `weights` are packed in blocks of eight output channels (the last
 * one filled up with zeros): a block has, for every kernel row, kernel column and input channel, eight values. `bias`: as
 * many values as the blocks have channels. channelsOut is a multiple of four.
 */
export function segmentConv(
  input: usize, widthIn: i32, channelsIn: i32, weights: usize, bias: usize, output: usize,
  widthOut: i32, channelsOut: i32, kernelHeight: i32, kernelWidth: i32, stride: i32, rowFrom: i32, rowTo: i32,
): void {
  const rowBytes = <usize>(widthIn * channelsIn) << 2, step = <usize>(stride * channelsIn) << 2;
  const outStep = <usize>channelsOut << 2;
  const blockBytes = <usize>(kernelHeight * kernelWidth * channelsIn) << 5;
  const run = kernelWidth * channelsIn;
  for (let y = rowFrom; y < rowTo; y++) {
    const top = input + <usize>(y * stride) * rowBytes;
    const outRow = output + <usize>(y * widthOut) * outStep;
    for (let channel = 0; channel < channelsOut; channel += 8) {
      const block = weights + (<usize>channel >> 3) * blockBytes;
      const b0 = v128.load(bias + (<usize>channel << 2)), b1 = v128.load(bias + (<usize>channel << 2), 16);
      const half = channelsOut - channel < 8;
      let x = 0;
      for (; x + 4 <= widthOut; x += 4) {
        let a0 = b0, a1 = b1, c0 = b0, c1 = b1, d0 = b0, d1 = b1, e0 = b0, e1 = b1;
        let w = block;
        for (let ky = 0; ky < kernelHeight; ky++) {
          let p = top + <usize>ky * rowBytes + <usize>x * step;
          const p2 = step << 1, p3 = p2 + step;
          for (let k = 0; k < run; k++) {
            const w0 = v128.load(w), w1 = v128.load(w, 16);
            w += 32;
            let s = v128.load32_splat(p);
            a0 = f32x4.add(a0, f32x4.mul(s, w0)); a1 = f32x4.add(a1, f32x4.mul(s, w1));
            s = v128.load32_splat(p + step);
            c0 = f32x4.add(c0, f32x4.mul(s, w0)); c1 = f32x4.add(c1, f32x4.mul(s, w1));
            s = v128.load32_splat(p + p2);
            d0 = f32x4.add(d0, f32x4.mul(s, w0)); d1 = f32x4.add(d1, f32x4.mul(s, w1));
            s = v128.load32_splat(p + p3);
            e0 = f32x4.add(e0, f32x4.mul(s, w0)); e1 = f32x4.add(e1, f32x4.mul(s, w1));
            p += 4;
          }
        }
        const o = outRow + <usize>x * outStep + (<usize>channel << 2);
        v128.store(o, a0); v128.store(o + outStep, c0); v128.store(o + 2 * outStep, d0); v128.store(o + 3 * outStep, e0);
        if (half) continue;
        v128.store(o, a1, 16); v128.store(o + outStep, c1, 16); v128.store(o + 2 * outStep, d1, 16); v128.store(o + 3 * outStep, e1, 16);
      }
      for (; x < widthOut; x++) {
        let a0 = b0, a1 = b1;
        let w = block;
        for (let ky = 0; ky < kernelHeight; ky++) {
          let p = top + <usize>ky * rowBytes + <usize>x * step;
          for (let k = 0; k < run; k++) {
            const s = v128.load32_splat(p);
            a0 = f32x4.add(a0, f32x4.mul(s, v128.load(w)));
            a1 = f32x4.add(a1, f32x4.mul(s, v128.load(w, 16)));
            w += 32;
            p += 4;
          }
        }
        const o = outRow + <usize>x * outStep + (<usize>channel << 2);
        v128.store(o, a0);
        if (!half) v128.store(o, a1, 16);
      }
    }
  }
}

/** A convolution of every channel by itself, without padding; `weights` as height, width, channel. channels is a multiple of four. */
export function segmentDepthwise(
  input: usize, widthIn: i32, channels: i32, weights: usize, output: usize, widthOut: i32, heightOut: i32, kernel: i32, stride: i32,
): void {
  const pixel = <usize>channels << 2, row = <usize>widthIn * pixel;
  for (let y = 0; y < heightOut; y++) {
    for (let x = 0; x < widthOut; x++) {
      const from = input + <usize>(y * stride) * row + <usize>(x * stride) * pixel;
      const to = output + <usize>(y * widthOut + x) * pixel;
      for (let c: usize = 0; c < pixel; c += 16) {
        let sum = f32x4.splat(0);
        for (let ky = 0; ky < kernel; ky++) {
          for (let kx = 0; kx < kernel; kx++) {
            sum = f32x4.add(sum, f32x4.mul(v128.load(from + <usize>ky * row + <usize>kx * pixel + c), v128.load(weights + <usize>(ky * kernel + kx) * pixel + c)));
          }
        }
        v128.store(to + c, sum);
      }
    }
  }
}

/** Adds to (or with `multiply`, multiplies) `count` values at `target` those at `source`, of which there are `period`, over and over. */
export function segmentCombine(target: usize, source: usize, count: i32, period: i32, multiply: bool): void {
  const single = f32x4.splat(load<f32>(source));
  for (let start = 0; start < count; start += period == 1 ? count : period) {
    const to = target + (<usize>start << 2), length = period == 1 ? count : period;
    let i = 0;
    for (; i + 4 <= length; i += 4) {
      const at = to + (<usize>i << 2);
      const own = v128.load(at), other = period == 1 ? single : v128.load(source + (<usize>i << 2));
      v128.store(at, multiply ? f32x4.mul(own, other) : f32x4.add(own, other));
    }
    for (; i < length; i++) {
      const at = to + (<usize>i << 2);
      const own = load<f32>(at), other = load<f32>(source + (period == 1 ? 0 : <usize>i << 2));
      store<f32>(at, multiply ? own * other : own + other);
    }
  }
}

/** Negative values times `slope`, others up to `most`. Writes up to three values past `count`. */
export function segmentRectify(source: usize, count: i32, slope: f32, most: f32, target: usize): void {
  const zero = f32x4.splat(0), top = f32x4.splat(most), factor = f32x4.splat(slope);
  for (let at: usize = 0, end = <usize>count << 2; at < end; at += 16) {
    const value = v128.load(source + at);
    const positive = f32x4.min(f32x4.max(value, zero), top);
    v128.store(target + at, f32x4.add(positive, f32x4.mul(factor, f32x4.min(value, zero))));
  }
}

/** Bilinear resizing by pixels' centres. channels is a multiple of four. */
export function segmentResize(
  source: usize, widthIn: i32, heightIn: i32, channels: i32, target: usize, width: i32, height: i32,
): void {
  const pixel = <usize>channels << 2, half: f32 = 0.5;
  for (let y = 0; y < height; y++) {
    const sy = max(<f32>0, min(<f32>(heightIn - 1), (<f32>y + half) * <f32>heightIn / <f32>height - half));
    const iy = <i32>sy, fy = f32x4.splat(sy - <f32>iy);
    const below: usize = iy + 1 < heightIn ? <usize>widthIn * pixel : 0;
    for (let x = 0; x < width; x++) {
      const sx = max(<f32>0, min(<f32>(widthIn - 1), (<f32>x + half) * <f32>widthIn / <f32>width - half));
      const ix = <i32>sx, fx = f32x4.splat(sx - <f32>ix);
      const next: usize = ix + 1 < widthIn ? pixel : 0;
      const from = source + <usize>(iy * widthIn + ix) * pixel, to = target + <usize>(y * width + x) * pixel;
      for (let c: usize = 0; c < pixel; c += 16) {
        const a = v128.load(from + c), b = v128.load(from + next + c), d = v128.load(from + below + c), e = v128.load(from + below + next + c);
        const top = f32x4.add(a, f32x4.mul(fx, f32x4.sub(b, a))), bottom = f32x4.add(d, f32x4.mul(fx, f32x4.sub(e, d)));
        v128.store(to + c, f32x4.add(top, f32x4.mul(fy, f32x4.sub(bottom, top))));
      }
    }
  }
}

/**
 * A transposed convolution to twice the size, each pixel making 2 x 2. `weights`: row, column, output channel, input channel. channelsIn is a
 * multiple of four.
 */
export function segmentEnlarge(
  source: usize, width: i32, height: i32, channelsIn: i32, weights: usize, channelsOut: i32, target: usize,
): void {
  const pixel = <usize>channelsIn << 2;
  for (let y = 0; y < 2 * height; y++) {
    for (let x = 0; x < 2 * width; x++) {
      const from = source + <usize>((y >> 1) * width + (x >> 1)) * pixel;
      for (let c = 0; c < channelsOut; c++) {
        const w = weights + <usize>((((y & 1) << 1) + (x & 1)) * channelsOut + c) * pixel;
        let sum = f32x4.splat(0);
        for (let k: usize = 0; k < pixel; k += 16) sum = f32x4.add(sum, f32x4.mul(v128.load(from + k), v128.load(w + k)));
        const total = f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1) + f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3);
        store<f32>(target + (<usize>((y * 2 * width + x) * channelsOut + c) << 2), total);
      }
    }
  }
}

/** The largest of 3 x 3 values, every second pixel. channels is a multiple of four. */
export function segmentLargest(source: usize, widthIn: i32, channels: i32, target: usize, width: i32, height: i32): void {
  const pixel = <usize>channels << 2, row = <usize>widthIn * pixel;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = source + <usize>(2 * y) * row + <usize>(2 * x) * pixel, to = target + <usize>(y * width + x) * pixel;
      for (let c: usize = 0; c < pixel; c += 16) {
        let most = v128.load(from + c);
        for (let ky: usize = 0; ky < 3; ky++) {
          for (let kx: usize = 0; kx < 3; kx++) most = f32x4.max(most, v128.load(from + ky * row + kx * pixel + c));
        }
        v128.store(to + c, most);
      }
    }
  }
}

/** Copies `channels` values of each of `pixels` pixels; `source` and `target` are those of the first one, each pixel so many values after another. */
export function segmentSelect(source: usize, sourceChannels: i32, target: usize, targetChannels: i32, channels: i32, pixels: i32): void {
  const from = <usize>sourceChannels << 2, to = <usize>targetChannels << 2, bytes = <usize>channels << 2;
  for (let i = 0; i < pixels; i++) memory.copy(target + <usize>i * to, source + <usize>i * from, bytes);
}
