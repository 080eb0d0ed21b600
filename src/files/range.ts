/** The Range header of downloads: RFC 9110 §14, one range of bytes. */
import { ReshootError } from "../errors.ts";
import type { ByteRange } from "./store.ts";

/**
 * The range to answer with 206, or undefined for the whole file: without a header, and for malformed, foreign or multiple
 * ranges, which a server may ignore.
 * @param size bytes of the file.
 * @throws `range_not_satisfiable`; the answer then carries {@link contentRange} without a range.
 */
export function parseRange(header: string | undefined, size: number): ByteRange | undefined {
  const match = /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(header ?? "");
  const [, first, last] = match ?? [];
  if (first === undefined || last === undefined || first + last === "") return undefined;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size - 1 : Number(last);
  if (first !== "" && last !== "" && start > end) return undefined;
  if (start >= size) throw new ReshootError("range_not_satisfiable", `The file has ${size} bytes`);
  return { start, end: Math.min(end, size - 1) };
}

/** Value of the Content-Range header: of a 206 with the range, of a 416 without. */
export function contentRange(range: ByteRange | undefined, size: number): string {
  return range ? `bytes ${range.start}-${range.end}/${size}` : `bytes */${size}`;
}
