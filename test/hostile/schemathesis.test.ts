/** Requests made from our own OpenAPI documents, right and wrong, alone and one after the other. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { catalog } from "../../src/endpoints/index.ts";
import { startTarget, type Target } from "./server.ts";

const FOLDER = resolve("node_modules", ".cache", "schemathesis");
const PROGRAM = process.platform === "win32" ? join(FOLDER, "Scripts", "st.exe") : join(FOLDER, "bin", "st");
const CHECKS = resolve("test", "hostile", "schemathesis_checks.py");

const skip = existsSync(PROGRAM) ? false : "Schemathesis is not installed (node scripts/schemathesis.mjs)";

/** How long to look for trouble, in seconds. */
const SECONDS = Number(process.env.RESHOOT_SCHEMATHESIS_SECONDS ?? 45);
/** Endpoints of one run; every day others, beside those that work without a model. */
const COUNT = Number(process.env.RESHOOT_SCHEMATHESIS_ENDPOINTS ?? 6);
const WORKING = ["fal-ai/void-video-inpainting", "fal-ai/ffmpeg-api/merge-audio-video"];

type Json = { [key: string]: Json };

describe("requests from our own documents", { skip }, () => {
  let target: Target;
  before(async () => {
    target = await startTarget();
  });
  after(async () => {
    await target.assertHealthy();
    await target.close();
  });

  test("no 5xx, and every 422 well formed", { timeout: SECONDS * 4000 + 60_000 }, async () => {
    const day = Math.floor(Date.now() / 86_400_000);
    const others = catalog.all
      .filter(({ id, vendor }) => vendor === "fal" && !WORKING.includes(id))
      .map(({ id }) => id);
    const start = (day * COUNT) % others.length;
    const ids = [...WORKING, ...[...others, ...others].slice(start, start + Math.min(COUNT, others.length))];
    const documents = await Promise.all(ids.map(documentOf));
    const path = join(target.folder, "openapi.json");
    await writeFile(path, JSON.stringify(joined(documents)));
    const { code, output } = await schemathesis([
      ...["run", path, `--url=${target.origin}/queue`, `--max-time=${SECONDS}`, `--seed=${day}`, "--mode=all"],
      ...["--phases=coverage,fuzzing,stateful", "--checks=not_a_server_error,issues_are_well_formed"],
      ...[
        "--workers=1",
        "--max-examples=10",
        "--request-timeout=5",
        "--suppress-health-check=all",
        "--warnings=off",
        "--no-color",
      ],
    ]);
    assert.equal(code, 0, `${ids.join(", ")}, seed ${day}\n${output.slice(-6000)}`);
    assert.match(output, /No issues found/);
  });

  async function documentOf(id: string): Promise<Json> {
    const reply = await fetch(`${target.origin}/api/openapi/queue/openapi.json?endpoint_id=${encodeURIComponent(id)}`);
    assert.equal(reply.status, 200);
    return (await reply.json()) as Json;
  }

  function schemathesis(args: readonly string[]): Promise<{ code: number | null; output: string }> {
    const child = spawn(PROGRAM, args, {
      cwd: target.folder,
      env: { PATH: process.env.PATH ?? "", SCHEMATHESIS_HOOKS: CHECKS, PYTHONDONTWRITEBYTECODE: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output += text;
      });
    }
    return new Promise((done, fail) => child.on("error", fail).on("close", (code) => done({ code, output })));
  }
});

/**
 * One document of many: names of their own for their schemas, links from what a submit answers to what follows it, and no
 * examples, whose URLs lead to servers elsewhere.
 */
function joined(documents: readonly Json[]): object {
  const paths: Json = {};
  const schemas: Json = {};
  for (const [index, document] of documents.entries()) {
    const own = JSON.stringify(document, (key, value: unknown) =>
      key === "example" || key === "examples" ? undefined : value,
    );
    const { paths: some, components } = JSON.parse(
      own.replaceAll("#/components/schemas/", `#/components/schemas/D${index}`),
    ) as Json;
    for (const [name, schema] of Object.entries(components!.schemas!)) schemas[`D${index}${name}`] = schema;
    for (const [path, operations] of Object.entries(some!)) {
      for (const [method, operation] of Object.entries(operations)) {
        (operation as Record<string, unknown>).operationId = `${method} ${path}`;
        if (method === "post") operation.responses!["200"]!.links = linksFrom(path);
      }
    }
    Object.assign(paths, some);
  }
  return { openapi: "3.0.4", info: { title: "All", version: "1" }, paths, components: { schemas } };
}

function linksFrom(path: string): Json {
  const request = `${path}/requests/{request_id}`;
  const operations = { status: `get ${request}/status`, result: `get ${request}`, cancel: `put ${request}/cancel` };
  const link = (operationId: string) => ({ operationId, parameters: { request_id: "$response.body#/request_id" } });
  return Object.fromEntries(Object.entries(operations).map(([name, id]) => [name, link(id)])) as unknown as Json;
}
