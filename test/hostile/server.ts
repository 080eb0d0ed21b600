/** The whole server as a process of its own, watched from outside: what it logs, whether it or its runner ever died. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const CLI = fileURLToPath(new URL("../../src/cli.js", import.meta.url));

/** A server process under attack. */
export type Target = {
  readonly origin: string;
  readonly port: number;
  /** Holds the server's data folder. */
  readonly folder: string;
  /** Everything that the server, its runner and its workers' parents have logged. */
  log(): string;
  /** Fails when the server does not answer, or when it or its runner is not the process that it was at the start. */
  assertHealthy(): Promise<void>;
  close(): Promise<void>;
};

/** Starts the command line program with these options on a free port. */
export async function startTarget(...options: string[]): Promise<Target> {
  const folder = await mkdtemp(join(tmpdir(), "reshoot-hostile-"));
  const child = spawn(process.execPath, [CLI, "--port=0", `--data=${join(folder, "data")}`, ...options], {
    env: { PATH: process.env.PATH ?? "", TMPDIR: tmpdir(), RESHOOT_LOG: "trace" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [output, log] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    log += text;
  });
  while (!output.includes("\n") && child.exitCode === null) {
    await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
  }
  const origin = /ready at (\S+)/.exec(output)?.[1];
  assert.ok(origin, `the server did not start: ${output} ${log}`);
  const family = childrenOf(child);
  return {
    origin,
    port: Number(new URL(origin).port),
    folder,
    log: () => log,
    async assertHealthy() {
      assert.equal(child.exitCode, null, `the server ended: ${log.slice(-2000)}`);
      assert.doesNotMatch(log, /the runner ended/);
      assert.deepEqual(childrenOf(child), family, "the runner is another process");
      const reply = await fetch(`${origin}/health`, { signal: AbortSignal.timeout(5_000) });
      assert.equal(reply.status, 200);
      await reply.arrayBuffer();
    },
    async close() {
      if (child.exitCode === null) {
        child.kill("SIGTERM");
        await once(child, "exit");
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Process ids of a server's children: its runner. Empty where the system does not list them. */
function childrenOf({ pid }: ChildProcess): string[] {
  if (process.platform !== "linux") return [];
  const threads = `/proc/${pid}/task`;
  const lists = readdirSync(threads).map((thread) => readFileSync(join(threads, thread, "children"), "utf8"));
  return lists.join(" ").split(/\s+/).filter(Boolean).sort();
}

/** A loopback HTTP server that counts who comes: nobody ever should. */
export async function startTrap(): Promise<{ readonly origin: string; hits(): string[]; close(): Promise<void> }> {
  const hits: string[] = [];
  const server = createServer((request, response) => {
    hits.push(`${request.method} ${request.url}`);
    response.end("trapped");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hits: () => hits,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
