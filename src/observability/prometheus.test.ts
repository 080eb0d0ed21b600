import assert from "node:assert/strict";
import { test } from "node:test";
import { createPrometheusMetrics, renderMetrics } from "./prometheus.ts";

const labels = { endpoints: ["acme/work"], engines: ["cpu"] };

test("both processes' series stand beside each other on one page", async () => {
  const server = createPrometheusMetrics({ process: "server", ...labels });
  const runner = createPrometheusMetrics({ process: "runner", ...labels });
  server.storeCommit(3, 0.002);
  runner.storeCommit(1, 0.001);
  runner.finished({ endpoint: "acme/work", engine: "cpu", outcome: "failed", code: "value_error", runSeconds: 2 });
  // As it comes over the channel between the processes.
  const page = await renderMetrics([await server.snapshot(), JSON.parse(JSON.stringify(await runner.snapshot()))]);
  assert.match(page, /^reshoot_store_commit_writes_sum\{process="server"\} 3$/m);
  assert.match(page, /^reshoot_store_commit_writes_sum\{process="runner"\} 1$/m);
  const total = 'reshoot_requests_total{endpoint="acme/work",engine="cpu",outcome="failed",process="runner"} 1';
  assert.ok(page.includes(total));
  assert.ok(page.includes('reshoot_request_errors_total{code="value_error",process="runner"} 1'));
  assert.match(page, /^process_start_time_seconds\{process="server"\} \d/m);
  assert.equal(page.match(/^# TYPE reshoot_store_commit_seconds histogram$/gm)?.length, 1);
});

test("nothing that a caller writes becomes a label", async () => {
  const metrics = createPrometheusMetrics({ process: "server", ...labels });
  for (let i = 0; i < 200; i++) {
    metrics.submitted(`evil/${i}`);
    metrics.started(`evil/${i}`, 1);
    metrics.finished({
      endpoint: `evil/${i}`,
      engine: `evil-${i}`,
      outcome: "succeeded",
      code: null,
      runSeconds: null,
    });
    metrics.stages("acme/work", {
      [`evil${i}`]: 1,
      [`stage${"abcdefghijklmnopqrstuvwxyz"[i % 26]}`]: 1,
      nan: Number.NaN,
    });
    metrics.http({ method: `EVIL${i}`, route: undefined, status: 404, seconds: 0.001 });
  }
  const page = await renderMetrics([await metrics.snapshot()]);
  assert.ok(!/evil/i.test(page));
  assert.match(page, /reshoot_requests_submitted_total\{endpoint="other",process="server"\} 200/);
  assert.match(page, /reshoot_http_requests_total\{method="other",route="none",status="404",process="server"\} 200/);
  const stages = new Set(page.match(/stage="[^"]*"/g));
  assert.ok(stages.size <= 25, `${stages.size} stages`);
});
