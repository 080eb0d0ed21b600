/** `data:` URIs (RFC 2397) as inputs: strict, and decoded piece by piece because they may hold 100 MB. */
import { Readable } from "node:stream";
import { fieldError, type Loc } from "../errors.ts";

/** A `data:` URI whose head has been read and whose data has not been decoded yet. */
export type DataUri = {
  /** Media type in lower case without parameters; `text/plain` when the URI names none (RFC 2397). */
  readonly contentType: string;
  /** Parameters of the media type, names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
  /** Bytes that the data decodes to. */
  readonly decodedLength: number;
  /** The decoded bytes; the stream fails with `file_download_error` where the data is malformed. */
  open(): Readable;
};

/** Characters decoded at a time; a multiple of four. */
const STEP = 256 * 1024;

const MAX_HEAD_LENGTH = 1024;
const PERCENT = 0x25;
const TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/;
const PARAMETER = /^([\w!#$&^.+-]+)=(?:"([^"]*)"|([^"]*))$/;

/** Whether a URL field holds its media itself. */
export function isDataUri(value: string): boolean {
  return /^data:/i.test(value);
}

/**
 * Reads the head and the length of a `data:` URI; nothing is decoded or allocated yet.
 * @param loc the field that errors name.
 * @throws `file_download_error` when malformed, `file_too_large` when it would decode to more than `maxBytes`.
 */
export function parseDataUri(value: string, loc: Loc, limit: { maxBytes: number }): DataUri {
  const malformed = (why: string) => fieldError("file_download_error", loc, `The data URI is malformed: ${why}`);
  const comma = value.slice(0, MAX_HEAD_LENGTH).indexOf(",");
  if (!isDataUri(value) || comma < 0) throw malformed("it has no media type followed by a comma");
  const head = value.slice("data:".length, comma);
  const base64 = /;\s*base64\s*$/i.exec(head);
  const [type = "", ...rest] = (base64 ? head.slice(0, base64.index) : head).split(";").map((part) => part.trim());
  if (type !== "" && !TYPE.test(type)) throw malformed("its media type is not valid");
  const parameters = new Map<string, string>();
  for (const parameter of rest) {
    const match = PARAMETER.exec(parameter);
    if (!match) throw malformed("a parameter of its media type is not valid");
    parameters.set(match[1]!.toLowerCase(), match[2] ?? match[3] ?? "");
  }
  const hash = value.indexOf("#", comma);
  const data = value.slice(comma + 1, hash < 0 ? undefined : hash);
  const { decodedLength, pieces } = base64 ? readBase64(data, malformed) : readPercentEncoded(data, malformed);
  if (decodedLength > limit.maxBytes) {
    const message = `The file is larger than ${limit.maxBytes} bytes`;
    throw fieldError("file_too_large", loc, message, { ctx: { max_size: limit.maxBytes } });
  }
  return {
    contentType: type.toLowerCase() || "text/plain",
    parameters,
    decodedLength,
    open: () => Readable.from(pieces(), { objectMode: false }),
  };
}

type Malformed = (why: string) => Error;
type Encoded = { decodedLength: number; pieces: () => Generator<Buffer> };

/** RFC 4648 §4; padding may be left out, line breaks and percent-encoded characters are accepted as browsers do. */
function readBase64(raw: string, malformed: Malformed): Encoded {
  const plain = !["%", "\n", "\r", " ", "\t", "\f"].some((character) => raw.includes(character));
  const text = plain ? raw : dropSpace(decodePercent(Buffer.from(raw), malformed)).toString("latin1");
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const length = text.length - padding;
  if (length % 4 === 1 || (padding > 0 && text.length % 4 !== 0))
    throw malformed("its base64 has an impossible length");
  return {
    decodedLength: Math.floor((length * 3) / 4),
    *pieces() {
      for (let at = 0; at < length; at += STEP) {
        const piece = text.slice(at, Math.min(at + STEP, length));
        // Node skips what is not base64, so that a damaged file would come out shorter instead of failing.
        if (/[^A-Za-z0-9+/]/.test(piece)) throw malformed("its data is not base64");
        yield Buffer.from(piece, "base64");
      }
    },
  };
}

function readPercentEncoded(text: string, malformed: Malformed): Encoded {
  let escapes = 0;
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) === PERCENT) escapes++;
  return {
    decodedLength: Buffer.byteLength(text) - 2 * escapes,
    *pieces() {
      for (let at = 0, end = 0; at < text.length; at = end) {
        end = pieceEnd(text, at + STEP);
        yield decodePercent(Buffer.from(text.slice(at, end)), malformed);
      }
    },
  };
}

/** The nearest place at or before `end` that splits neither an escape nor a surrogate pair. */
function pieceEnd(text: string, end: number): number {
  if (end >= text.length) return text.length;
  if (text.charCodeAt(end - 2) === PERCENT) return end - 2;
  const last = text.charCodeAt(end - 1);
  return last === PERCENT || (last & 0xfc00) === 0xd800 ? end - 1 : end;
}

/** Decodes escapes in place. */
function decodePercent(bytes: Buffer, malformed: Malformed): Buffer {
  let to = 0;
  for (let from = 0; from < bytes.length; from++) {
    let byte = bytes[from]!;
    if (byte === PERCENT) {
      const high = hexValue(bytes[++from]);
      const low = hexValue(bytes[++from]);
      if (high < 0 || low < 0) throw malformed("a percent sign is not followed by two hex digits");
      byte = high * 16 + low;
    }
    bytes[to++] = byte;
  }
  return bytes.subarray(0, to);
}

/** Removes ASCII white space in place. */
function dropSpace(bytes: Buffer): Buffer {
  let to = 0;
  for (let from = 0; from < bytes.length; from++) {
    const byte = bytes[from]!;
    if (byte !== 0x20 && (byte < 0x09 || byte > 0x0d || byte === 0x0b)) bytes[to++] = byte;
  }
  return bytes.subarray(0, to);
}

function hexValue(byte = 0): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
