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
