/** The one file of a multipart/form-data body (RFC 7578), as a stream: uploads are too large for the memory. */
import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { fieldError, ReshootError } from "../errors.ts";

/** A file field whose bytes are still on their way. */
export type FormFile = {
  /** As the client gave it; empty when it gave none. */
  readonly fileName: string;
  readonly contentType: string | undefined;
  /** Fails with `bad_request` when the body ends before the file does. */
  readonly bytes: Readable;
};

const MAX_HEADER_BYTES = 16 * 1024;
/** Of fields before the file: nobody needs them. */
const MAX_SKIPPED_BYTES = 1024 * 1024;
const LINE_END = Buffer.from("\r\n");

/**
 * Reads a request up to the bytes of a file field. What follows the file is ignored.
 * @throws `bad_request` when the body is no form; `missing` when it has no such field.
 */
export async function formFile(request: IncomingMessage, field: string): Promise<FormFile> {
  const [, quoted, plain] =
    /^multipart\/form-data\s*;(?:.*;)?\s*boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))/is.exec(
      request.headers["content-type"] ?? "",
    ) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) throw malformed("its Content-Type is not multipart/form-data with a boundary");
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  const reader = createReader(request);
  await reader.skip(delimiter, MAX_SKIPPED_BYTES);
  while (!(await reader.text(LINE_END, MAX_HEADER_BYTES)).startsWith("--")) {
    const headers = await reader.text(Buffer.from("\r\n\r\n"), MAX_HEADER_BYTES);
    const disposition = /^content-disposition:\s*form-data\s*;(.*)$/im.exec(headers)?.[1] ?? "";
    if (parameter(disposition, "name") !== field) {
      await reader.skip(delimiter, MAX_SKIPPED_BYTES);
      continue;
    }
    const contentType = /^content-type:(.*)$/im.exec(headers)?.[1]?.trim();
    const bytes = Readable.from(fileBytes(request, reader, delimiter), { objectMode: false });
    return { fileName: fileNameOf(disposition), contentType, bytes };
  }
  throw fieldError("missing", ["body", field], "Field required");
}

async function* fileBytes(request: IncomingMessage, reader: Reader, delimiter: Buffer): AsyncGenerator<Buffer> {
  yield* reader.until(delimiter);
  request.resume();
}

type Reader = ReturnType<typeof createReader>;

/** Reads a body from one mark to the next. */
function createReader(request: IncomingMessage) {
  const chunks = request.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  // The first boundary stands at the very start, all others after a line end.
  let rest: Buffer = Buffer.from(LINE_END);

  async function* until(mark: Buffer): AsyncGenerator<Buffer> {
    while (true) {
      const at = rest.indexOf(mark);
      const end = at === -1 ? Math.max(0, rest.length - mark.length + 1) : at;
      const part = rest.subarray(0, end);
      rest = rest.subarray(at === -1 ? end : end + mark.length);
      if (part.length > 0) yield part;
      if (at !== -1) return;
      const { done, value } = await chunks.next();
      if (done) throw malformed("it ends before its last boundary");
      rest = rest.length === 0 ? value : Buffer.concat([rest, value]);
    }
  }

  async function take(mark: Buffer, most: number, onPart: (part: Buffer) => void): Promise<void> {
    let size = 0;
    for await (const part of until(mark)) {
      size += part.length;
      if (size > most) throw malformed(`a part of it is larger than ${most} bytes`);
      onPart(part);
    }
  }

  return {
    until,
    skip: (mark: Buffer, most: number) => take(mark, most, () => undefined),
    async text(mark: Buffer, most: number): Promise<string> {
      const parts: Buffer[] = [];
      await take(mark, most, (part) => parts.push(part));
      return Buffer.concat(parts).toString("utf8");
    },
  };
}

/** RFC 7578 §4.2: browsers escape quotes and line ends as percent codes; other clients use the extended notation. */
function fileNameOf(disposition: string): string {
  const extended = /;\s*filename\*=utf-8''([^;\s]*)/i.exec(`;${disposition}`)?.[1];
  if (extended !== undefined) {
    try {
      return decodeURIComponent(extended);
    } catch {
      // Not percent-encoded after all: the plain name will do.
    }
  }
  return (parameter(disposition, "filename") ?? "").replace(/%22/g, '"').replace(/%0[da]/gi, "");
}

function parameter(disposition: string, name: string): string | undefined {
  const [, quoted, plain] =
    new RegExp(`;\\s*${name}=(?:"((?:\\\\.|[^"\\\\])*)"|([^;\\s]*))`, "i").exec(`;${disposition}`) ?? [];
  return quoted?.replace(/\\(.)/g, "$1") ?? plain;
}

function malformed(why: string): ReshootError {
  return new ReshootError("bad_request", `The body cannot be read as a form: ${why}`);
}
