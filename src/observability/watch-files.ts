/** A file store that counts what is stored. */
import type { FileStore } from "../files/store.ts";
import type { FileRecord } from "../requests/store.ts";
import type { FileOrigin, Metrics } from "./metrics.ts";

/** The same store, watched: what callers bring in is `input`, what jobs leave is `output`. */
export function watchFiles(files: FileStore, metrics: Pick<Metrics, "fileStored">): FileStore {
  const counted = async (origin: FileOrigin, stored: Promise<FileRecord>): Promise<FileRecord> => {
    const record = await stored;
    metrics.fileStored(origin, record.size);
    return record;
  };
  return {
    ...files,
    put: (...args) => counted("input", files.put(...args)),
    fill: (...args) => counted("input", files.fill(...args)),
    completeParts: (...args) => counted("input", files.completeParts(...args)),
    commit: (...args) => counted("output", files.commit(...args)),
  };
}
