/** An endpoint's result made durable: files move from the job's folder into the store, and the JSON keeps their ids. */
import { relative } from "node:path";
import type { EndpointOutput } from "../endpoints/endpoint.ts";
import { ReshootError } from "../errors.ts";
import type { FileStore, NewFile } from "../files/store.ts";
import type { MediaHandle } from "../operations/operations.ts";
import type { FileRecord, JsonObject } from "../requests/store.ts";

/**
 * Stores every file of an output. `{ $file: handle, ...facts }` becomes
 * `{ "$file": id, content_type, file_name, file_size, ...facts }` and `{ $url: handle }` becomes `{ "$url": id, file_name }`,
 * which is kept as it is where it comes from the input.
 * @param folder the job's folder; a handle outside it is refused.
 */
export async function storeOutput(
  output: EndpointOutput,
  folder: string,
  files: FileStore,
  file: Omit<NewFile, "fileName" | "contentType">,
): Promise<{ output: JsonObject; files: FileRecord[] }> {
  const stored: FileRecord[] = [];
  try {
    return { output: (await walk(output)) as JsonObject, files: stored };
  } catch (error) {
    await Promise.allSettled(stored.map(({ id }) => files.delete(id)));
    throw error;
  }

  async function walk(value: unknown): Promise<unknown> {
    if (Array.isArray(value)) return Promise.all(value.map(walk));
    if (typeof value !== "object" || value === null) return value;
    if ("$file" in value) {
      const { $file, ...facts } = value as { $file: MediaHandle };
      const record = await commit($file);
      const { id, contentType, fileName, size } = record;
      return { $file: id, content_type: contentType, file_name: fileName, file_size: size, ...facts };
    }
    // A file of the store's own, such as an input's.
    if ("$url" in value && typeof value.$url === "string") return value;
    if ("$url" in value) {
      const record = await commit((value as { $url: MediaHandle }).$url);
      return { $url: record.id, file_name: record.fileName };
    }
    const entries = await Promise.all(
      Object.entries(value).map(async ([key, item]) => [key, await walk(item)] as const),
    );
    return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
  }

  async function commit(handle: MediaHandle): Promise<FileRecord> {
    if (relative(folder, handle.path).startsWith("..")) {
      throw new ReshootError("internal_server_error", "An engine returned a file outside its job's folder");
    }
    const { fileName, contentType } = handle;
    const record = await files.commit({ ...file, fileName, contentType }, handle.path);
    stored.push(record);
    return record;
  }
}
