/** What a soak measures, read from /proc and the data folder. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { dataFolders } from "../src/config.ts";
import { type OwnProcess, processesOf } from "../test/chaos/processes.ts";

const MEGABYTE = 1024 * 1024;

/** What is measured, its title, and the rise over a whole soak that is put down to chance, in its own unit. */
export const MEASURES = {
  serverMb: { title: "server MB", slack: 24 },
  runnerMb: { title: "runner MB", slack: 24 },
  allMb: { title: "all MB", slack: 80 },
  serverFds: { title: "server fds", slack: 8 },
  runnerFds: { title: "runner fds", slack: 8 },
  filesMb: { title: "files MB", slack: 8 },
  storeMb: { title: "store MB", slack: 4 },
} as const satisfies Record<string, { title: string; slack: number }>;

/** The name of a measured quantity. */
export type Measure = keyof typeof MEASURES;

/** One look: memory is proportional set size (PSS); `filesMb` is all stored bytes, `storeMb` the database with its log. */
export type Sample = { readonly seconds: number; readonly submits: number } & { readonly [Name in Measure]: number };

/** Looks at every process of a server and at its data folder. */
export function takeSample(folder: string, seconds: number, submits: number): Sample {
  const processes = processesOf(folder);
  const of = (kind: OwnProcess["kind"]) => processes.filter((process) => process.kind === kind);
  const memory = (some: readonly OwnProcess[]) => some.reduce((sum, { pid }) => sum + pss(pid), 0) / MEGABYTE;
  const descriptors = (some: readonly OwnProcess[]) => some.reduce((sum, { pid }) => sum + openFiles(pid), 0);
  const { database, files } = dataFolders(join(folder, "data"));
  const store = [database, `${database}-wal`].reduce((sum, path) => sum + sizeOf(path), 0);
  return {
    seconds,
    submits,
    serverMb: memory(of("server")),
    runnerMb: memory(of("runner")),
    allMb: memory(processes),
    serverFds: descriptors(of("server")),
    runnerFds: descriptors(of("runner")),
    filesMb: bytesBelow(files) / MEGABYTE,
    storeMb: store / MEGABYTE,
  };
}

function pss(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

function openFiles(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}

function bytesBelow(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + sizeOf(join(entry.parentPath, entry.name)), 0);
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
