/** What a coded picture's bytes say of it, for the codecs that are kept as NAL units behind their lengths. */

/** Bytes of a unit's length, and whether a first picture leans on nothing before it (ITU-T H.264 7.4.1, H.265 7.4.2.2). */
const CODECS: Readonly<
  Record<string, { lengthAt: number; isClean(header: number): boolean; isPicture(header: number): boolean }>
> = {
  h264: {
    lengthAt: 4,
    isClean: (header) => (header & 31) === 5,
    isPicture: (header) => (header & 31) >= 1 && (header & 31) <= 5,
  },
  hevc: {
    lengthAt: 21,
    isClean: (header) => ((header >> 1) & 63) === 19 || ((header >> 1) & 63) === 20,
    isPicture: (header) => header >> 7 === 0 && ((header >> 1) & 63) < 32,
  },
};

/**
 * Whether a packet holds an instantaneous refresh: a picture before which everything can be forgotten.
 * @param extradata the stream's `avcC` or `hvcC` record.
 * @param data a whole packet.
 * @returns false for other codecs and for units behind start codes.
 */
export function isRefresh(codec: string, extradata: Uint8Array, data: Uint8Array): boolean {
  const known = Object.hasOwn(CODECS, codec) ? CODECS[codec] : undefined;
  // A record begins with its version; what begins with a start code is none.
  if (!known || extradata.length <= known.lengthAt || extradata[0] !== 1) return false;
  const size = (extradata[known.lengthAt]! & 3) + 1;
  for (let at = 0; at + size < data.length; ) {
    let length = 0;
    for (let i = 0; i < size; i++) length = length * 256 + data[at + i]!;
    const header = data[at + size]!;
    if (known.isPicture(header)) return known.isClean(header);
    at += size + length;
  }
  return false;
}
