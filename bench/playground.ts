/**
 * `npm run bench -- playground`: what the playground's pages weigh, and how soon they are seen and can be used, in Debian's
 * headless Chromium with an empty cache, from a server on this machine. Needs `/usr/bin/chromium`.
 */
import { parseArgs } from "node:util";
import type { Page } from "playwright-core";
import { openPlayground, type Playground, pageOf, skip } from "../test/playground/browser.ts";
import { writePast } from "../test/playground/past.ts";
import { quiet } from "./processes.ts";
import { median, spread } from "./statistics.ts";

/** Pages by name; `usable` is what one came for, and can be clicked. */
const PAGES: readonly { readonly name: string; readonly path: string; readonly usable: string }[] = [
  { name: "gallery", path: "/", usable: ".card h3 a" },
  { name: "endpoint", path: pageOf("fal-ai/void-video-inpainting"), usable: ".endpoint-form button[type=submit]" },
  { name: "history", path: "/history", usable: ".request h3 a" },
  { name: "usage", path: "/usage", usable: ".chart-slider" },
];
/** How long a page is watched after it can be used, milliseconds. */
const WATCHED_MS = 1500;

type Visit = {
  /** Bytes as they came, headers included. */
  readonly bytes: number;
  readonly files: number;
  /** Milliseconds from the start of the navigation. */
  readonly firstView: number;
  readonly largest: number;
  readonly interactive: number;
  /** Milliseconds of processor time of the page's main thread, in all: hardly depends on what else the machine does. */
  readonly work: number;
  /** Layout shifts, by their sessions' largest sum (web.dev/cls). */
  readonly shift: number;
};

/** See the top of the file. `--rounds 9 --patience 60` (seconds that each round waits for a quiet machine) */
export async function main(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: { rounds: { type: "string", default: "9" }, patience: { type: "string", default: "60" } },
  });
  if (skip) throw new Error(skip);
  const playground = await openPlayground();
  try {
    const past = Array.from(
      { length: 30 },
      (_, index) => ({ end: "succeeded", file: "x.png", ago: index * 4e7, price: 0.1 }) as const,
    );
    await writePast(playground.data, "local", past);
    const busy: number[] = [];
    const visits = new Map<string, Visit[]>(PAGES.map(({ name }) => [name, []]));
    // The first visit finds a browser that is itself not warm.
    await visit(playground, PAGES[0]!);
    for (let round = 0; round < Number(values.rounds); round++) {
      busy.push(await quiet(Number(values.patience) * 1000));
      for (const page of PAGES) visits.get(page.name)!.push(await visit(playground, page));
    }
    console.log(
      "| page | kB | files | first view, ms | largest element, ms | interactive, ms | main thread, ms | layout shift |",
    );
    console.log("|---|---|---|---|---|---|---|---|");
    for (const [name, all] of visits) {
      const of = (field: keyof Visit) => all.map((one) => one[field]);
      const cells = [
        (median(of("bytes")) / 1000).toFixed(1),
        String(median(of("files"))),
        spread(of("firstView"), 0),
        spread(of("largest"), 0),
        spread(of("interactive"), 0),
        spread(of("work"), 0),
        median(of("shift")).toFixed(3),
      ];
      console.log(`| ${name} | ${cells.join(" | ")} |`);
    }
    console.log(
      `\nOther programs used ${(100 * median(busy)).toFixed(0)} % of the processors before a round, in the middle.`,
    );
  } finally {
    await playground.close();
  }
}

/** Opens a page with nothing in the cache. */
async function visit(playground: Playground, { path, usable }: (typeof PAGES)[number]): Promise<Visit> {
  const { page, problems } = await playground.visit({
    viewport: { width: 1280, height: 900 },
    serviceWorkers: "block",
  });
  try {
    const measured = await measure(page);
    await page.addInitScript(WATCH, usable);
    await page.goto(path, { waitUntil: "commit" });
    await page.locator(usable).first().waitFor();
    await page.waitForTimeout(WATCHED_MS);
    if (problems.length > 0) throw new Error(problems.join("; "));
    const seen = (await page.evaluate("watched")) as Watched;
    // From when what one came for is there, and the last long task before it was quiet has ended.
    const busy = seen.tasks
      .filter(({ start }) => start < seen.usable + WATCHED_MS / 2)
      .map(({ start, length }) => start + length);
    return {
      ...(await measured()),
      firstView: seen.firstView,
      largest: seen.largest,
      interactive: Math.max(seen.usable, ...busy),
      shift: seen.shift,
    };
  } finally {
    await page.context().close();
  }
}

/** Counts what the network brings, compressed, and the main thread's processor time. */
async function measure(page: Page): Promise<() => Promise<Pick<Visit, "bytes" | "files" | "work">>> {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  let [bytes, files] = [0, 0];
  session.on("Network.loadingFinished", ({ encodedDataLength }) => {
    bytes += encodedDataLength;
    files++;
  });
  return async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    const seconds = metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN;
    return { bytes, files, work: seconds * 1000 };
  };
}

/** What {@link WATCH} leaves on the page. */
type Watched = {
  readonly firstView: number;
  readonly largest: number;
  readonly usable: number;
  readonly shift: number;
  readonly tasks: readonly { readonly start: number; readonly length: number }[];
};

/** Runs in the page before anything else. @param usable selector. */
const WATCH = (usable: string): void => {
  // biome-ignore lint/suspicious/noExplicitAny: this function runs in a browser, whose types are not these.
  const page = globalThis as any;
  const watched = { firstView: 0, largest: 0, usable: 0, shift: 0, tasks: [] as object[] };
  page.watched = watched;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  const watch = (type: string, each: (entry: any) => void): void => {
    // biome-ignore lint/suspicious/noExplicitAny: as above.
    new page.PerformanceObserver((list: any) => list.getEntries().forEach(each)).observe({ type, buffered: true });
  };
  watch("paint", ({ name, startTime }) => {
    if (name === "first-contentful-paint") watched.firstView = startTime;
  });
  watch("largest-contentful-paint", ({ startTime }) => {
    watched.largest = startTime;
  });
  watch("longtask", ({ startTime, duration }) => watched.tasks.push({ start: startTime, length: duration }));
  let session = { first: 0, last: 0, sum: 0 };
  watch("layout-shift", ({ startTime, value, hadRecentInput }) => {
    if (hadRecentInput) return;
    const goesOn = startTime - session.last < 1000 && startTime - session.first < 5000;
    session = goesOn
      ? { ...session, last: startTime, sum: session.sum + value }
      : { first: startTime, last: startTime, sum: value };
    watched.shift = Math.max(watched.shift, session.sum);
  });
  const look = (): void => {
    const found = page.document.querySelector(usable);
    if (found && !found.disabled) watched.usable = page.performance.now();
    else page.requestAnimationFrame(look);
  };
  look();
};
