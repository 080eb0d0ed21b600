/**
 * `npm run bench -- soak [--minutes 60] [--seed 1]`: mixed load with faults on one server, which is never restarted. Media
 * workers and now and then the runner are killed; everything is kept for two minutes only, so that after a few minutes as
 * much goes as comes. Memory, file descriptors and disk must then stay where they are.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { startReceiver } from "../src/requests/webhooks.receiver.ts";
import { auditOf } from "../test/chaos/audit.ts";
import { makeClips } from "../test/chaos/clips.ts";
import { createLedger } from "../test/chaos/ledger.ts";
import { killProcess, launch, processesOf, until } from "../test/chaos/processes.ts";
import { createRandom } from "../test/chaos/random.ts";
import { startTraffic } from "../test/chaos/traffic.ts";
import { MEASURES, type Measure, type Sample, takeSample } from "./soak-samples.ts";
import { judge, type Verdict } from "./soak-verdict.ts";

/** What a soak is told. */
export type SoakOptions = {
  readonly minutes: number;
  /** Of all random choices. @defaultValue 1 */
  readonly seed?: number;
  /** Seconds between samples. @defaultValue 10 */
  readonly every?: number;
  /** Seconds after which finished requests and files may go. @defaultValue 120 */
  readonly keep?: number;
  /** Called with each sample as it is taken. */
  readonly onSample?: (sample: Sample) => void;
};

/** What came of it. */
export type SoakReport = {
  readonly samples: readonly Sample[];
  readonly verdicts: Readonly<Record<Measure, Verdict>>;
  /** Broken promises: answers that must not be, damage, what was left behind. Empty when all is well. */
  readonly problems: readonly string[];
  readonly kills: { readonly worker: number; readonly runner: number };
  /** Requests that were acknowledged, and webhooks that arrived. */
  readonly submits: number;
  readonly webhooks: number;
};

/** A worker dies about this often, seconds; every tenth time it is the runner instead. */
const FAULT_SECONDS = 20;
const DRAIN_MS = 120_000;

/** Runs the soak. @throws Error when the server cannot start, or ends. */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const { minutes, seed = 1, every = 10, keep = 120, onSample = () => {} } = options;
  const folder = await mkdtemp(join(tmpdir(), "reshoot-soak-"));
  const hooks = await startReceiver();
  const days = String(keep / 86_400);
  const server = await launch(folder, [
    ...["--keep-outputs-days", days, "--keep-uploads-days", days, "--keep-requests-days", days],
  ]);
  try {
    const ledger = createLedger();
    const random = createRandom(seed);
    const kills = { worker: 0, runner: 0 };
    const clips = await makeClips();
    const audit = auditOf(join(folder, "data"));
    const traffic = startTraffic({ origin: server.origin, ledger, clips, random, hooks: hooks.origin, pauseMs: 1500 });
    const samples: Sample[] = [];
    const started = performance.now();
    let nextFault = FAULT_SECONDS / 2;
    for (let elapsed = 0; elapsed < minutes * 60; ) {
      await sleep(Math.min(every, minutes * 60 - elapsed) * 1000);
      elapsed = (performance.now() - started) / 1000;
      const sample = takeSample(folder, elapsed, ledger.submits.size);
      samples.push(sample);
      onSample(sample);
      if (elapsed < nextFault) continue;
      nextFault += FAULT_SECONDS * (0.5 + random.next());
      const kind = (kills.worker + 1) % 10 === 0 && kills.runner < kills.worker / 9 ? "runner" : "worker";
      const victims = processesOf(folder).filter((process) => process.kind === kind);
      if (victims.length === 0) continue;
      kills[kind]++;
      killProcess(random.pick(victims));
    }
    await traffic.stop();
    const problems = [...ledger.violations];
    const open = () => audit.requests().filter(({ status }) => status === "queued" || status === "running");
    await until("every request has ended", () => open().length === 0 || undefined, DRAIN_MS).catch((error: Error) =>
      problems.push(`${error.message}: ${JSON.stringify(open())}`),
    );
    const code = await server.stop();
    if (code !== 0) problems.push(`the server ended with ${code}`);
    problems.push(...audit.damage(), ...processesOf(folder).map(({ kind }) => `a ${kind} is left`));
    const verdicts = Object.fromEntries(
      Object.entries(MEASURES).map(([name, { slack }]) => [
        name,
        judge(
          samples.map((sample) => ({ at: sample.seconds, value: sample[name as Measure] })),
          slack,
        ),
      ]),
    ) as Record<Measure, Verdict>;
    const { submits } = ledger;
    return { samples, verdicts, problems, kills, submits: submits.size, webhooks: hooks.received.length };
  } finally {
    processesOf(folder).forEach(killProcess);
    await hooks.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

/** The command. */
export async function main(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: { minutes: { type: "string", default: "60" }, seed: { type: "string", default: "1" } },
  });
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) throw new Error("--minutes must be a number above 0");
  const names = Object.keys(MEASURES) as Measure[];
  console.log(`${"seconds".padStart(8)}${names.map((name) => MEASURES[name].title.padStart(12)).join("")}    submits`);
  const row = (sample: Sample): string => {
    const cells = names.map((name) => String(Math.round(sample[name] * 10) / 10).padStart(12));
    return `${String(Math.round(sample.seconds)).padStart(8)}${cells.join("")}${String(sample.submits).padStart(11)}`;
  };
  const report = await soak({ minutes, seed: Number(values.seed), onSample: (sample) => console.log(row(sample)) });
  console.log(
    `\n${report.submits} submits, ${report.webhooks} webhooks, ${report.kills.worker} workers and ${report.kills.runner} runners killed`,
  );
  for (const name of names) {
    const { flat, mean, perHour } = report.verdicts[name];
    const words = `${mean.toFixed(1)} on average, ${perHour >= 0 ? "+" : ""}${perHour.toFixed(1)} per hour`;
    console.log(`${MEASURES[name].title.padEnd(12)} ${words}: ${flat ? "flat" : "NOT FLAT"}`);
  }
  for (const problem of report.problems) console.log(`problem: ${problem}`);
  const isWell = report.problems.length === 0 && Object.values(report.verdicts).every(({ flat }) => flat);
  console.log(isWell ? "All is flat, every promise was kept." : "Not all is well.");
  process.exitCode = isWell ? 0 : 1;
}
