/**
 * Bytes of stored files: uploads, inputs that came as data URIs, outputs. `stage` hands a file to a job, `commit` takes
 * one from it. Metadata lives in the request database. Implementations: disk.ts (S3 comes later).
 */
import type { Readable } from "node:stream";
import type { FileAccess, FileRecord } from "../requests/store.ts";

/** What is known of a file when it is created. */
export type NewFile = {
  readonly accountId: string;
  readonly requestId: string | null;
  /** Sanitised by the store: no path, no control characters, at most 120 characters. */
  readonly fileName: string;
  readonly contentType: string;
  readonly access: FileAccess;
  /** Null: never. */
  readonly expiresAt: number | null;
};

/** First and last byte, both included. */
export type ByteRange = { readonly start: number; readonly end: number };

/** Stored bytes, whatever they lie on. */
export type FileStore = {
  /**
   * Stores a stream and its row; the file is whole and durable when it resolves, and absent when it rejects.
   * @throws `file_too_large` past `maxBytes`; `storage_full`.
   */
  put(file: NewFile, bytes: Readable, limit: { maxBytes: number }): Promise<FileRecord>;
  /** Creates a pending file that {@link FileStore.fill} completes: the signed upload flow. */
  reserve(file: NewFile): Promise<FileRecord>;
  fill(id: string, bytes: Readable, limit: { maxBytes: number }, contentType?: string): Promise<FileRecord>;
  /** Parts of a multipart upload, 1 to 10 000, in any order, each replaceable. @returns the part's etag (hex). */
  putPart(id: string, part: number, bytes: Readable, limit: { maxBytes: number }): Promise<string>;
  /** Assembles the listed parts in part order. @throws `bad_request` when one is missing or its etag differs. */
  completeParts(
    id: string,
    parts: readonly { partNumber: number; etag: string }[],
    limit: { maxBytes: number },
  ): Promise<FileRecord>;

  get(id: string): Promise<FileRecord | undefined>;
  /** Bytes of a ready file, or of a range of it (inclusive ends). */
  read(file: FileRecord, range?: ByteRange): Readable;
  /** Puts a ready file into a folder, by hard link where the file system allows. @returns its path. */
  stage(file: FileRecord, folder: string): Promise<string>;
  /**
   * Takes a file out of a job's folder into the store, durable but without its row: the row is written in the
   * transaction that ends the request (or the orphan sweep removes the bytes).
   */
  commit(file: NewFile, path: string): Promise<FileRecord>;
  delete(id: string): Promise<void>;
  /**
   * Removes bytes without a row and temporary files that are older than an hour (or `olderThanMs`), and the parts of uploads
   * to which nothing came for an hour.
   */
  sweep(olderThanMs?: number): Promise<number>;
};
