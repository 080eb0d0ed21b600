/** Media types by the first bytes of a file. */

/** How many bytes from the start {@link sniffContentType} looks at. */
export const SNIFF_BYTES = 512;

/** ISO base media brands (ISO/IEC 14496-12 and the registry at mp4ra.org) that are not plain MP4 video. */
const BRANDS: Readonly<Record<string, string>> = {
  "qt  ": "video/quicktime",
  "M4A ": "audio/mp4",
  "M4B ": "audio/mp4",
  "M4P ": "audio/mp4",
  avif: "image/avif",
  avis: "image/avif",
  heic: "image/heic",
  heix: "image/heic",
  heim: "image/heic",
  heis: "image/heic",
  mif1: "image/heif",
  msf1: "image/heif",
};

/** Boxes that QuickTime files from before `ftyp` start with. */
const QUICKTIME_BOXES = new Set(["moov", "mdat", "wide", "free", "skip", "pnot"]);

const RIFF: Readonly<Record<string, string>> = { "AVI ": "video/x-msvideo", WAVE: "audio/wav", WEBP: "image/webp" };

const PREFIXES: readonly (readonly [prefix: string, type: string])[] = [
  ["\x89PNG\r\n\x1a\n", "image/png"],
  ["\xff\xd8\xff", "image/jpeg"],
  ["GIF87a", "image/gif"],
  ["GIF89a", "image/gif"],
  ["II*\0", "image/tiff"],
  ["MM\0*", "image/tiff"],
  ["fLaC", "audio/flac"],
  ["ID3", "audio/mpeg"],
  ["#!AMR", "audio/amr"],
  ["FLV\x01", "video/x-flv"],
  ["\0\0\x01\xba", "video/mpeg"],
  ["\0\0\x01\xb3", "video/mpeg"],
  ["\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video/x-ms-asf"],
];

/** The media type that a file's first bytes show, or undefined. Knows containers of video, pictures and sound only. */
export function sniffContentType(head: Uint8Array): string | undefined {
  const text = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, SNIFF_BYTES)).toString("latin1");
  const prefix = PREFIXES.find(([start]) => text.startsWith(start));
  if (prefix) return prefix[1];
  const second = text.slice(4, 8);
  if (second === "ftyp") return isoType(text.slice(8, 12));
  if (QUICKTIME_BOXES.has(second)) return "video/quicktime";
  if (text.startsWith("RIFF")) return RIFF[text.slice(8, 12)];
  if (text.startsWith("FORM") && /^AIF[FC]$/.test(text.slice(8, 12))) return "audio/aiff";
  if (text.startsWith("\x1aE\xdf\xa3")) return matroskaType(text);
  if (text.startsWith("OggS")) return text.includes("\x80theora") ? "video/ogg" : "audio/ogg";
  if (isTransportStream(text)) return "video/mp2t";
  if (isBitmap(text)) return "image/bmp";
  return mpegAudioType(head);
}

function isoType(brand: string): string {
  if (brand.startsWith("3g2")) return "video/3gpp2";
  if (brand.startsWith("3g")) return "video/3gpp";
  return BRANDS[brand] ?? "video/mp4";
}

/** The DocType stands within the EBML header, which is the file's first element (RFC 8794 §11.2). */
function matroskaType(text: string): string | undefined {
  if (text.includes("webm")) return "video/webm";
  return text.includes("matroska") ? "video/x-matroska" : undefined;
}

function isTransportStream(text: string): boolean {
  return text[0] === "G" && text[188] === "G" && text[376] === "G";
}

function isBitmap(text: string): boolean {
  return text.startsWith("BM") && text.slice(6, 10) === "\0\0\0\0" && text.slice(15, 18) === "\0\0\0";
}

/** A frame header of MPEG audio (ISO/IEC 11172-3 §2.4.1.3) or ADTS (ISO/IEC 13818-7 §6.2). */
function mpegAudioType(head: Uint8Array): string | undefined {
  const [sync = 0, version = 0, rate = 0] = head;
  if (sync !== 0xff || head.length < 4) return undefined;
  if ((version & 0xf6) === 0xf0) return "audio/aac";
  const valid = (version & 0xe0) === 0xe0 && (version & 0x18) !== 0x08 && (version & 0x06) !== 0;
  return valid && rate >> 4 !== 15 && (rate & 0x0c) !== 0x0c ? "audio/mpeg" : undefined;
}
