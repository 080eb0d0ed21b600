/** The platform API, the OpenAPI documents and the key set. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { catalog } from "../../src/endpoints/index.ts";
import { queueOpenApi } from "../../src/fal/openapi.ts";
import { startFalServer, type TestServer } from "./server.ts";

type Body = Record<string, unknown>;

describe("fal platform API", () => {
  let server: TestServer;

  before(async () => {
    server = await startFalServer();
  });
  after(() => server.close());

  const get = async (path: string): Promise<{ status: number; body: Body }> => {
    const reply = await fetch(server.origin + path);
    return { status: reply.status, body: (await reply.json()) as Body };
  };
  const ids = (body: Body): unknown[] => (body.models as Body[]).map(({ endpoint_id }) => endpoint_id);

  test("models: pages, filters, documents", async () => {
    const first = (await get("/v1/models?limit=3")).body;
    assert.equal(ids(first).length, 3);
    assert.equal(first.has_more, true);
    const second = (await get(`/v1/models?limit=3&cursor=${first.next_cursor}`)).body;
    assert.deepEqual([ids(second).length, second.has_more, second.next_cursor], [2, false, null]);
    assert.ok(!ids(second).includes("other-vendor/edit"));
    const some = await get("/v1/models?endpoint_id=test-owner/edit-alias,123/my-app&endpoint_id=none/none");
    assert.deepEqual(ids(some.body), ["test-owner/edit", "123/my-app"]);
    assert.deepEqual(ids((await get("/v1/models?q=TURBO%20fast")).body), ["test-owner/edit/fast/turbo"]);
    assert.deepEqual(ids((await get("/v1/models?category=text-to-video")).body), []);
    assert.deepEqual(ids((await get("/v1/models?status=deprecated")).body), []);
    const [model] = (await get("/v1/models?endpoint_id=123/my-app&expand=openapi-3.0")).body.models as Body[];
    assert.ok(model);
    assert.equal((model.openapi as Body).openapi, "3.0.4");
    assert.equal((model.metadata as Body).model_url, `${server.origin}/run/123/my-app`);
    for (const bad of ["limit=0", "limit=x", "cursor=!!!!", "status=odd"]) {
      const reply = await get(`/v1/models?${bad}`);
      assert.equal(reply.status, 400, bad);
      assert.equal((reply.body.error as Body).type, "bad_request");
    }
  });

  test("pricing and estimate", async () => {
    const { body } = await get("/v1/models/pricing?endpoint_id=test-owner/edit");
    assert.deepEqual(body, {
      prices: [{ endpoint_id: "test-owner/edit", unit_price: 0.05, unit: "video", currency: "USD" }],
      next_cursor: null,
      has_more: false,
    });
    const estimate = async (request: object) => {
      const reply = await fetch(`${server.origin}/v1/models/pricing/estimate`, {
        method: "POST",
        body: JSON.stringify(request),
      });
      return [reply.status, ((await reply.json()) as Body).total_cost];
    };
    const endpoints = { "test-owner/edit": { call_quantity: 10, unit_quantity: 10 } };
    assert.deepEqual(await estimate({ estimate_type: "historical_api_price", endpoints }), [200, 1]);
    assert.deepEqual(await estimate({ estimate_type: "unit_price", endpoints }), [200, 0.5]);
    assert.deepEqual(await estimate({ estimate_type: "unit_price", endpoints: { a: {} } }), [404, undefined]);
    assert.deepEqual(await estimate({ estimate_type: "unit_price", endpoints: { "123/my-app": null } }), [
      400,
      undefined,
    ]);
    assert.deepEqual(await estimate([]), [400, undefined]);
  });

  test("meta, and the key set under both paths", async () => {
    assert.deepEqual((await get("/v1/meta")).body, { webhook_ip_ranges: [] });
    const keys = await get("/.well-known/jwks.json");
    assert.deepEqual(keys, await get("/rest/.well-known/jwks.json"));
    assert.equal((keys.body.keys as Body[])[0]?.crv, "Ed25519");
  });

  test("the OpenAPI document of an endpoint", async () => {
    const { body } = await get("/api/openapi/queue/openapi.json?endpoint_id=test-owner/edit/fast/turbo");
    assert.equal((body.info as Body).title, "Queue OpenAPI for test-owner/edit/fast/turbo");
    assert.deepEqual(body.servers, [{ url: `${server.origin}/queue` }]);
    const id = "/test-owner/edit/fast/turbo";
    assert.deepEqual(Object.keys(body.paths as Body), [
      `${id}/requests/{request_id}/status`,
      `${id}/requests/{request_id}/cancel`,
      id,
      `${id}/requests/{request_id}`,
    ]);
    const { schemas } = body.components as { schemas: Record<string, Body> };
    assert.deepEqual(Object.keys(schemas).sort(), ["EditFastTurboInput", "EditFastTurboOutput", "File", "QueueStatus"]);
    assert.ok(Array.isArray(schemas.EditFastTurboInput?.["x-fal-order-properties"]));
    assert.deepEqual((schemas.EditFastTurboOutput?.properties as Body | undefined)?.video, {
      $ref: "#/components/schemas/File",
    });
    assert.equal((await get("/api/openapi/queue/openapi.json")).status, 422);
    assert.equal((await get("/api/openapi/queue/openapi.json?endpoint_id=none/none")).status, 404);
  });

  test("the documents of the whole catalog: every reference leads somewhere, and nothing is JSON Schema only", () => {
    const origins = { origin: "http://h", run: "", queue: "http://h/queue", rest: "", cdn: "" };
    for (const endpoint of catalog.all) {
      const document = JSON.parse(JSON.stringify(queueOpenApi(endpoint, endpoint.id, origins))) as Body;
      const { schemas } = document.components as { schemas: Body };
      for (const [, name] of JSON.stringify(document).matchAll(/#\/components\/schemas\/([^"]+)/g)) {
        assert.ok(schemas[name!], `${endpoint.id}: ${name}`);
      }
      assert.doesNotMatch(JSON.stringify(schemas), /"const":|"exclusiveM\w+":\d|"type":"null"|"~/, endpoint.id);
    }
  });
});
