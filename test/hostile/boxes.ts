/** Containers written by hand, well-formed where the attack needs it and lying where that is the attack. */
import { crc32, deflateSync } from "node:zlib";

/** A box of ISO/IEC 14496-12 §4.2. @param size what the header says; by default the truth. */
export function box(type: string, parts: readonly (Uint8Array | string)[], size?: number): Buffer {
  const body = Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : part)));
  const head = Buffer.alloc(8);
  head.writeUInt32BE(size ?? body.length + 8);
  head.write(type, 4, "latin1");
  return Buffer.concat([head, body]);
}

/** Big-endian 32-bit numbers. */
export function u32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, index * 4);
  return bytes;
}

/** Big-endian 16-bit numbers. */
export function u16(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value & 0xffff, index * 2);
  return bytes;
}

/** What {@link movie} writes; all of it may be a lie. */
export type Movie = {
  /** One PNG, repeated as every sample. */
  readonly picture: Uint8Array;
  readonly samples: number;
  readonly width?: number;
  readonly height?: number;
  /** Ticks per second. */
  readonly timescale?: number;
  /** Ticks of each sample. */
  readonly delta?: number;
  /** Ticks, in the headers only. */
  readonly duration?: number;
  /** What the tables say, instead of `samples`. */
  readonly claimedSamples?: number;
  /** Path of the file in which the samples lie, from its first byte on, instead of in this one. */
  readonly reference?: string;
  /** What the header of `moov` says. */
  readonly moovSize?: number;
};

const MATRIX = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);

/** A QuickTime movie of PNG pictures. */
export function movie({
  picture,
  samples,
  width = 16,
  height = 16,
  timescale = 25,
  delta = 1,
  ...more
}: Movie): Buffer {
  const count = more.claimedSamples ?? samples;
  const duration = more.duration ?? samples * delta;
  const type = box("ftyp", ["qt  ", u32(0), "qt  "]);
  const data = box(
    "mdat",
    Array.from({ length: samples }, () => picture),
  );
  const entry = box("png ", [
    u32(0),
    u16(0, 1, 0, 0),
    u32(0, 0, 0),
    u16(width, height),
    u32(0x480000, 0x480000, 0),
    u16(1),
    Buffer.alloc(32),
    u16(24, 0xffff),
  ]);
  const reference = more.reference === undefined ? box("url ", [u32(1)]) : alias(more.reference);
  const table = box("stbl", [
    box("stsd", [u32(0, 1), entry]),
    box("stts", [u32(0, 1, count, delta)]),
    box("stsc", [u32(0, 1, 1, count, 1)]),
    box("stsz", [u32(0, picture.length, count)]),
    box("stco", [u32(0, 1, more.reference === undefined ? type.length + 8 : 0)]),
  ]);
  const media = box("mdia", [
    box("mdhd", [u32(0, 0, 0, timescale, duration, 0)]),
    box("hdlr", [u32(0), "mhlrvide", u32(0, 0, 0), "\0"]),
    box("minf", [box("vmhd", [u32(1, 0, 0)]), box("dinf", [box("dref", [u32(0, 1), reference])]), table]),
  ]);
  const track = box("trak", [
    box("tkhd", [u32(3, 0, 0, 1, 0, duration, 0, 0, 0, 0), MATRIX, u32(width << 16, height << 16)]),
    media,
  ]);
  const header = box("mvhd", [
    u32(0, 0, 0, timescale, duration, 0x10000),
    u16(0x100, 0),
    u32(0, 0),
    MATRIX,
    Buffer.alloc(24),
    u32(2),
  ]);
  return Buffer.concat([type, data, box("moov", [header, track], more.moovSize)]);
}

/** A data reference to a path (QuickTime File Format, "Data Reference Atoms", with a Macintosh alias record). */
function alias(path: string): Buffer {
  const name = path.split("/").at(-1)!.slice(0, 63);
  const record = [
    Buffer.alloc(10),
    "\x01/",
    Buffer.alloc(26 + 12),
    String.fromCharCode(name.length),
    name.padEnd(63, "\0"),
  ];
  const entry = [Buffer.alloc(16), u16(1, 1), Buffer.alloc(16), u16(2, path.length), path, u16(0xffff, 0)];
  return box("alis", [u32(0), ...record, ...entry]);
}

/** An element of RFC 8794, its size in eight bytes. @param size what its head says; by default the truth. */
export function element(id: number, body: Uint8Array | string, size?: bigint): Buffer {
  const bytes = typeof body === "string" ? Buffer.from(body, "latin1") : body;
  const head = Buffer.from(id.toString(16), "hex");
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE((1n << 56n) | (size ?? BigInt(bytes.length)));
  return Buffer.concat([head, length, bytes]);
}

/** A Matroska file with these elements in its segment. */
export function matroska(...children: readonly Uint8Array[]): Buffer {
  const header = element(0x1a45dfa3, element(0x4282, "matroska"));
  return Buffer.concat([header, element(0x18538067, Buffer.concat(children))]);
}

/** A RIFF chunk, with its padding. */
export function riff(id: string, parts: readonly (Uint8Array | string)[], size?: number): Buffer {
  const body = Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : part)));
  const head = Buffer.alloc(8);
  head.write(id, "latin1");
  head.writeUInt32LE(size ?? body.length, 4);
  return Buffer.concat([head, body, Buffer.alloc(body.length % 2)]);
}

/** Little-endian 32-bit numbers. */
export function le32(...values: readonly number[]): Buffer {
  return u32(...values).swap32();
}

/** Little-endian 16-bit numbers. */
export function le16(...values: readonly number[]): Buffer {
  return u16(...values).swap16();
}

/** A sound of 16-bit silence. */
export function wave({ rate = 8000, channels = 1, seconds = 1, claimedBytes = 0 } = {}): Buffer {
  const samples = Buffer.alloc(2 * 8000 * seconds);
  const format = riff("fmt ", [le16(1, channels), le32(rate, rate * 2), le16(2 * channels, 16)]);
  return riff("RIFF", ["WAVE", format, riff("data", [samples], claimedBytes || undefined)], claimedBytes || undefined);
}

/** What {@link yuv4mpeg} writes. */
export type Raw = {
  readonly width?: number;
  readonly height?: number;
  readonly rate?: string;
  readonly frames?: number;
  /** Grey of each frame. */
  readonly level?: (frame: number) => number;
  /** Grey of each pixel, instead. */
  readonly draw?: (frame: number, x: number, y: number) => number;
};

/** Uncompressed grey pictures behind a header of text. */
export function yuv4mpeg({ width = 32, height = 32, rate = "25:1", frames = 4, level, draw }: Raw = {}): Buffer {
  const parts: Uint8Array[] = [Buffer.from(`YUV4MPEG2 W${width} H${height} F${rate} Ip A1:1 Cmono\n`)];
  for (let i = 0; i < frames; i++) {
    const picture = Buffer.alloc(width * height, level?.(i) ?? 128);
    if (draw) for (let at = 0; at < picture.length; at++) picture[at] = draw(i, at % width, Math.floor(at / width));
    parts.push(Buffer.from("FRAME\n"), picture);
  }
  return Buffer.concat(parts);
}

/** A black PNG of one bit a pixel: 400 million of them fit into 50 kB. */
export function blackPng(width: number, height: number): Buffer {
  const chunk = (type: string, body: Uint8Array): Buffer =>
    Buffer.concat([u32(body.length), Buffer.from(type, "latin1"), body, u32(crc32(body, crc32(type)))]);
  const header = Buffer.concat([u32(width, height), Buffer.from([1, 0, 0, 0, 0])]);
  const rows = deflateSync(Buffer.alloc((1 + Math.ceil(width / 8)) * height));
  const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", rows), chunk("IEND", Buffer.alloc(0))]);
}
