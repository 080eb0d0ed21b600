/** The filter that weighs sound as the ear does (ITU-R BS.1770-4, Annex 1), for any rate of samples. */

/** A second-order section: `y = b0 x + b1 x' + b2 x'' - a1 y' - a2 y''`. */
type Section = readonly [b0: number, b1: number, b2: number, a1: number, a2: number];

/** The two sections of one channel, with their memory. */
export type KWeighting = {
  /** Mean square sums: adds the weighed squares of samples `from` to `to`. */
  sumSquares(samples: Float32Array, from: number, to: number): number;
};

/**
 * BS.1770 gives coefficients for 48 kHz alone; these follow from the analogue filters behind them (B. De Man, "Evaluation of
 * implementations of the EBU R128 loudness measurement", AES 145, 2018).
 */
export function createKWeighting(rate: number): KWeighting {
  const [p0, p1, p2, q1, q2] = shelf(rate);
  const [r0, r1, r2, s1, s2] = highPass(rate);
  // Transposed direct form II: two numbers of memory a section.
  let [m1, m2, n1, n2] = [0, 0, 0, 0];
  return {
    sumSquares(samples, from, to) {
      let sum = 0;
      for (let i = from; i < to; i++) {
        const x = samples[i]!;
        const y = p0 * x + m1;
        m1 = p1 * x - q1 * y + m2;
        m2 = p2 * x - q2 * y;
        const z = r0 * y + n1;
        n1 = r1 * y - s1 * z + n2;
        n2 = r2 * y - s2 * z;
        sum += z * z;
      }
      // Numbers too small to be normal slow silence down a hundredfold.
      if (Math.abs(m1) < 1e-30) m1 = 0;
      if (Math.abs(m2) < 1e-30) m2 = 0;
      if (Math.abs(n1) < 1e-30) n1 = 0;
      if (Math.abs(n2) < 1e-30) n2 = 0;
      return sum;
    },
  };
}

/** The head: a shelf of 4 dB above 1.7 kHz. */
function shelf(rate: number): Section {
  const gain = 10 ** (3.999843853973347 / 20);
  const middle = gain ** 0.4996667741545416;
  const k = Math.tan((Math.PI * 1681.974450955533) / rate);
  const kq = k / 0.7071752369554196;
  const a0 = 1 + kq + k * k;
  return [
    (gain + middle * kq + k * k) / a0,
    (2 * (k * k - gain)) / a0,
    (gain - middle * kq + k * k) / a0,
    (2 * (k * k - 1)) / a0,
    (1 - kq + k * k) / a0,
  ];
}

/** Low notes count for less: a high pass at 38 Hz. */
function highPass(rate: number): Section {
  const k = Math.tan((Math.PI * 38.13547087602444) / rate);
  const kq = k / 0.5003270373238773;
  const a0 = 1 + kq + k * k;
  return [1, -2, 1, (2 * (k * k - 1)) / a0, (1 - kq + k * k) / a0];
}
