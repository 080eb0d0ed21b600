/**
 * Sizes of still pictures read off their headers, because FFmpeg decodes a still while it probes it: a 12000x12000 PNG of
 * a few kilobytes costs 1.6 GB before any limit of a decoder counts.
 */

/** Type and size as the header declares them. */
export type StillSize = {
  readonly type: "png" | "jpeg" | "webp" | "gif";
  readonly width: number;
  readonly height: number;
};

/**
 * @param head the file's first bytes; a JPEG's size may stand behind a few hundred kilobytes of metadata.
 * @returns undefined when it is none of these types; width and height 0 when the header ends before the size.
 */
export function stillSize(head: Uint8Array): StillSize | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (text(head, 0, 8) === "\x89PNG\r\n\x1a\n") {
    return head.length < 24
      ? { type: "png", width: 0, height: 0 }
      : { type: "png", width: view.getUint32(16), height: view.getUint32(20) };
  }
  if (/^GIF8[79]a$/.test(text(head, 0, 6))) {
    return head.length < 10
      ? { type: "gif", width: 0, height: 0 }
      : { type: "gif", width: view.getUint16(6, true), height: view.getUint16(8, true) };
  }
  if (head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff) return { type: "jpeg", ...jpegSize(view) };
  if (text(head, 0, 4) === "RIFF" && text(head, 8, 12) === "WEBP") return { type: "webp", ...webpSize(head, view) };
  return undefined;
}

/** ITU-T T.81 B.2.2: the frame header follows any number of other segments. */
function jpegSize(view: DataView): { width: number; height: number } {
  let at = 2;
  while (at + 9 <= view.byteLength) {
    if (view.getUint8(at) !== 0xff) break;
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at++;
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    const standsAlone = marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
    at += standsAlone ? 2 : 2 + view.getUint16(at + 2);
  }
  return { width: 0, height: 0 };
}

/** RFC 9649 sections 2.5 to 2.7: extended, lossless and simple files say their size in three ways. */
function webpSize(head: Uint8Array, view: DataView): { width: number; height: number } {
  const chunk = text(head, 12, 16);
  if (head.length < 30) return { width: 0, height: 0 };
  const u24 = (at: number): number => view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
  if (chunk === "VP8X") return { width: u24(24) + 1, height: u24(27) + 1 };
  if (chunk === "VP8L") {
    const bits = view.getUint32(21, true);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  if (chunk === "VP8 ") return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  return { width: 0, height: 0 };
}

function text(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start, end));
}
