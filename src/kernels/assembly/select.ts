// Order statistics without sorting.

/** Words of scratch that `nth` needs. */
const BINS: i32 = 2048;

/** A number's bits in an order that unsigned integers have too. */
// @ts-ignore: decorator
@inline
function key(value: f32): u32 {
  const bits = reinterpret<u32>(value);
  return bits & 0x80000000 ? ~bits : bits | 0x80000000;
}

/**
 * The number that would stand at `rank` if `count` f32 were sorted upwards, by its bits from the top, eleven at a time.
 * `scratch`: 8 KiB.
 */
export function nth(values: usize, count: i32, rank: i32, scratch: usize): f32 {
  let found: u32 = 0;
  for (let shift = 21, width = 11; ; ) {
    memory.fill(scratch, 0, <usize>BINS << 2);
    const known: u32 = shift + width == 32 ? 0 : 0xffffffff << (shift + width);
    for (let i = 0; i < count; i++) {
      const own = key(load<f32>(values + (<usize>i << 2)));
      if ((own & known) != found) continue;
      const bin = scratch + <usize>(((own >> shift) & ((1 << width) - 1)) << 2);
      store<i32>(bin, load<i32>(bin) + 1);
    }
    let bin = 0;
    for (; rank >= load<i32>(scratch + (<usize>bin << 2)); bin++) rank -= load<i32>(scratch + (<usize>bin << 2));
    found |= <u32>bin << shift;
    if (shift == 0) break;
    width = min(shift, 11);
    shift -= width;
  }
  return reinterpret<f32>(found & 0x80000000 ? found & 0x7fffffff : ~found);
}
