// How a picture departs from what other frames show at the same places of the scene.

/** Bytes of a source's record: the address of its pixels (u32), gain and offset of its luma, then nine numbers of its map (f32). */
const RECORD: usize = 48;
/** Levels up to which a sample is as good as the same. */
const SAME: i32 = 4;

/** Packs three byte planes into pixels of four bytes, the last of which is zero. Planes and target may not overlap. */
export function segmentPack(luma: usize, u: usize, v: usize, count: i32, target: usize): void {
  for (let i: usize = 0, n = <usize>count; i < n; i++)
    store<u32>(target + (i << 2), <u32>load<u8>(luma + i) | (<u32>load<u8>(u + i) << 8) | (<u32>load<u8>(v + i) << 16));
}

/**
 * Departures of rows [rowFrom, rowTo) of a picture of `width` * `height` packed pixels from `count` others. `records`: for each of them, where its map (own
 * pixels to its) and brightness say that the same place lies. A sample departs by what its level lies outside those of the four pixels
 * around its place, chroma one and a half times, the largest of the planes: a map that is off by half a pixel does not count. The answer, a byte a pixel at
 * `target`, is the third smallest of the departures (with few samples the second or the first), so that what stood there
 * in most other frames does not count; at most 254, and 255 where no frame shows the place.
 */
export function segmentDepart(
  pixels: usize, width: i32, height: i32, records: usize, count: i32, rowFrom: i32, rowTo: i32, target: usize,
): void {
  const mostX = <f32>(width - 1), mostY = <f32>(height - 1);
  const grey = f32x4(0, 128, 128, 0);
  for (let y = rowFrom; y < rowTo; y++) {
    const fy = <f32>y;
    for (let x = 0; x < width; x++) {
      const at = <usize>(y * width + x), fx = <f32>x;
      const own = f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(pixels + (at << 2)))));
      const away = f32x4.sub(own, grey);
      let first = 255, second = 255, third = 255, seen = 0;
      for (let k = 0; k < count && third > SAME; k++) {
        const r = records + <usize>k * RECORD;
        const inverse: f32 = 1 / (load<f32>(r, 36) * fx + load<f32>(r, 40) * fy + load<f32>(r, 44));
        const px = (load<f32>(r, 12) * fx + load<f32>(r, 16) * fy + load<f32>(r, 20)) * inverse;
        const py = (load<f32>(r, 24) * fx + load<f32>(r, 28) * fy + load<f32>(r, 32)) * inverse;
        if (!(inverse > 0 && px >= 0 && py >= 0 && px <= mostX && py <= mostY)) continue;
        // The four pixels around the place; at the last column and row those before it are as good.
        const ix = min(<i32>px, width - 2), iy = min(<i32>py, height - 2);
        const place = <usize>load<u32>(r) + (<usize>(iy * width + ix) << 2);
        const top = v128.load64_zero(place), bottom = v128.load64_zero(place + (<usize>width << 2));
        let least = i8x16.min_u(top, bottom), most = i8x16.max_u(top, bottom);
        least = i8x16.min_u(least, i8x16.shuffle(least, least, 4, 5, 6, 7, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
        most = i8x16.max_u(most, i8x16.shuffle(most, most, 4, 5, 6, 7, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
        const scaled = f32x4.add(f32x4.mul(away, f32x4.splat(load<f32>(r, 4))), f32x4.replace_lane(grey, 0, load<f32>(r, 8)));
        const words = i16x8.narrow_i32x4_s(i32x4.trunc_sat_f32x4_s(f32x4.nearest(scaled)), i32x4.splat(0));
        const level = i8x16.narrow_i16x8_u(words, words);
        const out = i32x4.extract_lane(v128.or(i8x16.sub_sat_u(level, most), i8x16.sub_sat_u(least, level)), 0);
        const chroma = max((out >> 8) & 255, (out >> 16) & 255);
        const d = max(out & 255, chroma + (chroma >> 1));
        seen++;
        if (d < first) { third = second; second = first; first = d; }
        else if (d < second) { third = second; second = d; }
        else if (d < third) third = d;
      }
      const answer = seen > 6 ? third : seen > 3 ? second : first;
      store<u8>(target + at, seen == 0 ? 255 : min(254, answer));
    }
  }
}
