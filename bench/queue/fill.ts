/** A store full of finished requests: some written by the store itself, and copies of those under new ids. */
import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { dataFolders } from "../../src/config.ts";
import { openDatabase, openSqliteStore } from "../../src/requests/sqlite.ts";
import { ENDPOINTS, INPUT } from "./abilities.ts";

const ORIGINALS = 500;
const DAY = 24 * 3600 * 1000;

/** Puts `count` finished requests (rounded up to a multiple of 500) with a log line each into a data folder. */
export async function fillStore(data: string, count: number): Promise<void> {
  await mkdir(data, { recursive: true, mode: 0o700 });
  const { database } = dataFolders(data);
  await writeOriginals(database);
  const db = openDatabase(database);
  const columns = db.prepare("SELECT name FROM pragma_table_info('requests')").all() as { name: string }[];
  const copied = columns.map(({ name }) => name).filter((name) => name !== "seq" && name !== "id");
  db.exec("BEGIN");
  for (let copy = 1; copy * ORIGINALS < count; copy++) {
    db.exec(`
      INSERT INTO requests (id, ${copied}) SELECT printf('%08d', ${copy}) || substr(id, 9), ${copied}
      FROM requests WHERE seq <= ${ORIGINALS}`);
  }
  db.exec(`
    INSERT INTO logs (request_id, seq, at, level, message)
    SELECT id, 1, finished_at, 'INFO', 'Finished 48 frames in 4.1 s' FROM requests;
    COMMIT`);
  db.close();
}

async function writeOriginals(database: string): Promise<void> {
  const store = await openSqliteStore(database);
  await store.accounts.ensureAccount("local", "This machine");
  for (let i = 0; i < ORIGINALS; i++) {
    await store.submit({
      // A copy replaces the first characters by its number.
      id: `00000000${randomUUID()}`,
      accountId: "local",
      keyId: null,
      dialect: "fal",
      endpoint: ENDPOINTS.work,
      requestedAs: ENDPOINTS.work,
      lane: "work",
      input: INPUT,
      seed: 42,
      priority: "normal",
      maxAttempts: 10,
      startBy: null,
      keepForMs: 30 * DAY,
      webhook: null,
      idempotencyKey: null,
      options: {},
    });
    const claim = await store.claim("fill", ["work"], 60_000);
    if (!claim) throw new Error("a submitted request cannot be claimed");
    const output = { video: { $file: randomUUID(), content_type: "video/mp4", file_size: 1 }, seed: 42 };
    await store.succeed(claim, { output, files: [], metrics: { inferenceSeconds: 4.1 }, billableUnits: 1 });
  }
  await store.close();
}
