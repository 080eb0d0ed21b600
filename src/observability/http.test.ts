import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import Fastify, { type FastifyBaseLogger } from "fastify";

import { observeHttp } from "./http.ts";
import { createPrometheusMetrics } from "./prometheus.ts";
import { registerMetrics } from "./scrape.ts";

type Line = Record<string, unknown>;

function createApp(rights: "admin" | "known" | "unknown" = "admin") {
  const app = Fastify();
  const lines: Line[] = [];
  const log = { info: (line: Line) => void lines.push(line) } as unknown as FastifyBaseLogger;
  const metrics = createPrometheusMetrics({ process: "server", endpoints: [], engines: [] });
  observeHttp(app, { metrics, log, accountOf: () => "local" });
  app.setErrorHandler((error, _request, reply) => reply.code((error as { status?: number }).status ?? 500).send(error));
  app.get("/files/:id", (_request, reply) => reply.header("x-fal-request-id", "r1").send("ok"));
  app.get("/slow", () => sleep(60_000, "late", { ref: false }));
  const runner = async () => undefined;
  const depth = async () => [{ lane: "cpu", status: "queued" as const, count: 7 }];
  registerMetrics(app, { metrics, runner, store: { depth }, access: async () => rights });
  return { app, lines };
}

test("a line has the route's template, never the URL", async (t) => {
  const { app, lines } = createApp();
  t.after(() => app.close());
  const origin = await app.listen({ host: "127.0.0.1", port: 0 });
  await fetch(`${origin}/files/capability?token=secret`).then((answer) => answer.text());
  await fetch(`${origin}/nowhere/secret`).then((answer) => answer.text());
  await sleep(20);
  assert.deepEqual(
    lines.map(({ ms, ...line }) => line),
    [
      { method: "GET", route: "/files/:id", status: 200, request: "r1", account: "local" },
      { method: "GET", route: undefined, status: 404, request: undefined, account: "local" },
    ],
  );
  assert.ok(!JSON.stringify(lines).includes("secret"));
  const answer = await fetch(`${origin}/metrics`);
  assert.equal(answer.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  const page = await answer.text();
  assert.match(page, /^reshoot_queue_depth\{lane="cpu",state="queued"\} 7$/m);
  assert.match(page, /^reshoot_runner_up 0$/m);
  assert.match(
    page,
    /reshoot_http_requests_total\{method="GET",route="\/files\/:id",status="200",process="server"\} 1/,
  );
});

test("a caller who leaves before the answer is 499", async (t) => {
  const { app, lines } = createApp();
  t.after(() => app.close());
  await app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = app.server.address() as { port: number };
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.write("GET /slow HTTP/1.1\r\nhost: localhost\r\n\r\n");
  await sleep(30);
  socket.destroy();
  for (let i = 0; i < 100 && lines.length === 0; i++) await sleep(10);
  assert.equal(lines[0]?.status, 499);
});

test("measurements are for administrators", async (t) => {
  for (const [rights, status] of [
    ["unknown", 401],
    ["known", 403],
  ] as const) {
    const { app } = createApp(rights);
    t.after(() => app.close());
    assert.equal((await app.inject("/metrics")).statusCode, status);
  }
});
