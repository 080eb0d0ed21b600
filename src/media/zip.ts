/** Files into a ZIP archive, stored as they are: what goes in here is compressed already (PKWARE's APPNOTE 6.3). */
import { type FileHandle, open } from "node:fs/promises";
import { crc32 } from "node:zlib";

const [LOCAL, CENTRAL, END] = [0x04034b50, 0x02014b50, 0x06054b50];
/** Version needed: 2.0. */
const VERSION = 20;
/** Names are UTF-8. */
const FLAGS = 0x0800;
/** 1 January 1980, the format's first day: the same files give the same bytes. */
const DATE = 0x0021;
/** Sizes and counts beyond these need ZIP64. */
const MOST_BYTES = 0xffffffff;
const MOST_FILES = 0xffff;

/** An archive being written. */
export class ZipWriter {
  readonly #file: FileHandle;
  readonly #directory: Buffer[] = [];
  #offset = 0;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** @param path absolute; must not exist. */
  static async create(path: string): Promise<ZipWriter> {
    return new ZipWriter(await open(path, "wx"));
  }

  /** @throws RangeError when the archive becomes larger than the format without ZIP64 allows (4 GiB, 65 535 files). */
  async add(name: string, bytes: Uint8Array): Promise<void> {
    if (this.#offset + bytes.length + 1024 > MOST_BYTES || this.#directory.length >= MOST_FILES) {
      throw new RangeError("the archive becomes too large");
    }
    const path = Buffer.from(name);
    const facts = Buffer.alloc(26);
    facts.writeUInt16LE(VERSION, 0);
    facts.writeUInt16LE(FLAGS, 2);
    facts.writeUInt16LE(DATE, 8);
    facts.writeUInt32LE(crc32(bytes), 10);
    facts.writeUInt32LE(bytes.length, 14);
    facts.writeUInt32LE(bytes.length, 18);
    facts.writeUInt16LE(path.length, 22);
    const behind = Buffer.alloc(14);
    behind.writeUInt32LE(this.#offset, 10);
    this.#directory.push(Buffer.concat([number(CENTRAL), Buffer.from([VERSION, 0]), facts, behind, path]));
    await this.#write(Buffer.concat([number(LOCAL), facts, path]));
    await this.#write(bytes);
  }

  /** Writes the directory and closes the file. */
  async finish(): Promise<void> {
    const start = this.#offset;
    for (const entry of this.#directory) await this.#write(entry);
    const end = Buffer.alloc(18);
    end.writeUInt16LE(this.#directory.length, 4);
    end.writeUInt16LE(this.#directory.length, 6);
    end.writeUInt32LE(this.#offset - start, 8);
    end.writeUInt32LE(start, 12);
    await this.#write(Buffer.concat([number(END), end]));
    await this.#file.close();
  }

  /** Closes the file as it is. */
  async abort(): Promise<void> {
    await this.#file.close();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    await this.#file.writeFile(bytes);
    this.#offset += bytes.length;
  }
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
