/** The official Python client in a process of its own. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

const FOLDER = resolve("node_modules", ".cache", "python-clients");
/** Python with the client. */
export const PYTHON =
  process.platform === "win32" ? join(FOLDER, "Scripts", "python.exe") : join(FOLDER, "bin", "python");
const CHECKS = resolve("test", "tls", "fal_client_checks.py");
const TIMEOUT_MS = 120_000;

/** For a test's `skip` option: false when the Python client is installed, else the reason. */
export const withoutPython: false | string = existsSync(PYTHON)
  ? false
  : "the official Python client is not installed (node scripts/python-clients.mjs)";

/** What one check of fal_client_checks.py saw. */
// biome-ignore lint/suspicious/noExplicitAny: JSON of many shapes, looked at by assertions only.
export type Seen = any;

/** Runs checks one after another with one client. The environment holds nothing but what is given and the search path. */
export async function runChecks(
  client: "sync" | "async",
  checks: readonly string[],
  env: Readonly<Record<string, string>>,
  largeFile = "",
): Promise<Record<string, Seen>> {
  const child = spawn(PYTHON, ["-W", "error::RuntimeWarning", CHECKS, client, checks.join(","), largeFile], {
    env: { PATH: process.env.PATH ?? "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: TIMEOUT_MS,
  });
  let [output, problems] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    problems += text;
  });
  const code = await new Promise((done, fail) => child.on("error", fail).on("close", done));
  if (code !== 0) throw new Error(`Python ended with ${code}: ${problems}`);
  return JSON.parse(output);
}
