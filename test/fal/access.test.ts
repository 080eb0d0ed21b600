/** Keys, accounts and tokens: who may do what on a server with keys. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createFalClient } from "@fal-ai/client";
import { connect } from "../../src/client/index.ts";
import { startFalServer, type TestServer } from "./server.ts";

const MINE = "mine:secret-1";
const OTHER = "other:secret-2";

type Body = Record<string, unknown>;

describe("fal access", () => {
  let server: TestServer;

  before(async () => {
    server = await startFalServer({ env: { RESHOOT_KEYS: `${MINE},${OTHER}` } });
  });
  after(() => server.close());

  const call = (path: string, authorization?: string, init: RequestInit = {}) =>
    fetch(server.origin + path, {
      ...init,
      headers: { ...(authorization && { authorization }), ...(init.headers as Record<string, string>) },
    });
  const post = (path: string, authorization: string | undefined, body: unknown, headers = {}) =>
    call(path, authorization, { method: "POST", body: JSON.stringify(body), headers });
  const json = async (response: Response): Promise<Body> => (await response.json()) as Body;
  const token = async (body: unknown, authorization = `Key ${MINE}`): Promise<string> =>
    (await (await post("/rest/tokens/", authorization, body)).json()) as string;

  test("no key, a wrong key, or another scheme is 401 with a detail", async () => {
    for (const authorization of [
      undefined,
      "Key mine:wrong",
      "Key nobody:x",
      "Key mine",
      "Basic bWluZTpzZWNyZXQtMQ==",
    ]) {
      for (const path of [
        "/queue/test-owner/edit",
        "/run/test-owner/edit",
        "/rest/tokens/",
        "/rest/storage/auth/token",
      ]) {
        const reply = await post(path, authorization, { prompt: "x" });
        assert.equal(reply.status, 401, `${path} ${authorization}`);
        assert.equal(typeof (await json(reply)).detail, "string");
        assert.ok(reply.headers.get("x-fal-request-id"));
      }
    }
  });

  test("Key and Bearer are the same credentials", async () => {
    for (const scheme of ["Key", "Bearer", "key"]) {
      assert.equal((await post("/run/test-owner/edit", `${scheme} ${MINE}`, { prompt: "x" })).status, 200);
    }
  });

  test("requests of another account do not exist", async () => {
    const { status_url, response_url, cancel_url } = (await json(
      await post("/queue/test-owner/edit", `Key ${MINE}`, { prompt: "x" }),
    )) as Record<string, string>;
    for (const url of [status_url, response_url, `${status_url}/stream`]) {
      const reply = await fetch(url!, { headers: { authorization: `Key ${OTHER}` } });
      assert.equal(reply.status, 404);
      assert.equal((await json(reply)).status, "NOT_FOUND");
    }
    const cancel = await fetch(cancel_url!, { method: "PUT", headers: { authorization: `Key ${OTHER}` } });
    assert.deepEqual([cancel.status, (await json(cancel)).status], [404, "NOT_FOUND"]);
  });

  test("trap 26: an app token runs what its scope names, by alias, id or path, and nothing else", async () => {
    const run = async (path: string, scope: string): Promise<number> => {
      const secret = await token({ allowed_apps: [scope], token_expiration: 60 });
      return (await post(`/run/${path}?fal_jwt_token=${secret}`, undefined, { prompt: "x" })).status;
    };
    assert.equal(await run("test-owner/edit", "edit"), 200);
    assert.equal(await run("test-owner/edit/stream", "edit"), 200);
    assert.equal(await run("test-owner/edit/fast/turbo", "test-owner/edit"), 200);
    assert.equal(await run("test-owner/edit", "test-owner/edit/stream"), 403);
    assert.equal(await run("test-owner/edit", "my-app"), 403);
    assert.equal(await run("test-owner/edit", "ed"), 403);
    assert.equal(await run("123/my-app", "edit"), 403);
  });

  test("an app token can neither upload nor make tokens", async () => {
    const bearer = `Bearer ${await token({ app: "edit", duration: 60 })}`;
    assert.equal((await post("/rest/tokens/", bearer, { allowed_apps: ["my-app"] })).status, 403);
    assert.equal((await post("/rest/storage/upload/initiate", bearer, {})).status, 403);
    assert.equal((await post("/cdn/files/upload", bearer, "x")).status, 403);
  });

  test("tokens that expired, were tampered with, or come from elsewhere are refused", async () => {
    const short = await token({ allowed_apps: ["edit"], token_expiration: 0.5 });
    const [head, payload] = short.split(".");
    const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString("base64url");
    const forged = [`${none}.${payload}.`, `${head}.${payload}.AAAA`, `${short}x`, "a.b.c", ""];
    for (const bad of forged) {
      const reply = await post(`/run/test-owner/edit?fal_jwt_token=${bad}`, undefined, { prompt: "x" });
      assert.equal(reply.status, 401, bad);
    }
    await new Promise((resolve) => setTimeout(resolve, 1100));
    assert.equal((await post(`/run/test-owner/edit?fal_jwt_token=${short}`, undefined, {})).status, 401);
  });

  test("a token dies with its key", async () => {
    const { accounts } = server.services.store;
    const limits = { accountId: "local", scope: "API", concurrency: null, budget: null } as const;
    await accounts.putKey({ id: "brief", ...limits }, "secret-3");
    const secret = await token({ allowed_apps: ["edit"] }, "Key brief:secret-3");
    const run = () => post(`/run/test-owner/edit?fal_jwt_token=${secret}`, undefined, { prompt: "x" });
    assert.equal((await run()).status, 200);
    await accounts.revokeKey("brief");
    assert.equal((await run()).status, 401);
  });

  test("an upload token uploads and does nothing else", async () => {
    const { token: secret } = await json(await post("/rest/storage/auth/token", `Key ${MINE}`, {}));
    const bearer = `Bearer ${secret}`;
    const headers = { "content-type": "text/plain", "x-fal-file-name": "note.txt" };
    const uploaded = await call("/cdn/files/upload", bearer, { method: "POST", body: "hello", headers });
    assert.equal(uploaded.status, 200);
    const { access_url } = (await json(uploaded)) as { access_url: string };
    assert.match(access_url, /\/cdn\/files\/[\w-]{22}\/note\.txt$/);
    assert.equal(await (await fetch(access_url)).text(), "hello");
    assert.equal((await post("/run/test-owner/edit", bearer, { prompt: "x" })).status, 403);
    assert.equal((await post("/rest/tokens/", bearer, { app: "edit" })).status, 403);
  });

  test("nobody continues another account's upload", async () => {
    const begun = (await json(await post("/cdn/files/upload/multipart", `Key ${MINE}`, ""))) as Record<string, string>;
    const part = await fetch(`${begun.access_url}/multipart/${begun.uploadId}/1`, {
      method: "PUT",
      headers: { authorization: `Key ${OTHER}` },
      body: "x",
    });
    assert.equal(part.status, 404);
  });

  test("object lifecycle: hidden and forbidden files, rules by account, the owner always", async () => {
    const upload = async (lifecycle: object): Promise<string> => {
      const headers = { "x-fal-object-lifecycle": JSON.stringify(lifecycle), "content-type": "text/plain" };
      const reply = await call("/cdn/files/upload", `Key ${MINE}`, { method: "POST", body: "private", headers });
      return String((await json(reply)).access_url);
    };
    const read = async (url: string, key?: string): Promise<number> =>
      (await fetch(url, key ? { headers: { authorization: `Key ${key}` } } : {})).status;
    const hidden = await upload({ initial_acl: { default: "hide" } });
    assert.deepEqual([await read(hidden), await read(hidden, OTHER), await read(hidden, MINE)], [404, 404, 200]);
    const rules = [{ user: "other", decision: "allow" }];
    const forbidden = await upload({ initial_acl: { default: "forbid", rules } });
    assert.deepEqual([await read(forbidden), await read(forbidden, OTHER)], [403, 200]);
    const bad = await call("/cdn/files/upload", `Key ${MINE}`, {
      method: "POST",
      body: "x",
      headers: { "x-fal-object-lifecycle": '{"initial_acl":{"default":"maybe"}}' },
    });
    assert.equal(bad.status, 400);
  });

  test("the realtime token is text, scoped, and for pages of this origin", async () => {
    const ask = (headers: Record<string, string>, body: unknown = { app: "test-owner/edit" }) =>
      post("/api/fal/realtime-token", `Key ${MINE}`, body, headers);
    const reply = await ask({ origin: server.origin, "sec-fetch-site": "same-origin" });
    assert.equal(reply.status, 200);
    assert.match(reply.headers.get("content-type") ?? "", /^text\/plain/);
    const secret = await reply.text();
    assert.equal((await post(`/run/test-owner/edit?fal_jwt_token=${secret}`, undefined, { prompt: "x" })).status, 200);
    assert.equal((await post(`/run/123/my-app?fal_jwt_token=${secret}`, undefined, { prompt: "x" })).status, 403);
    assert.equal((await ask({ origin: "https://evil.example" })).status, 403);
    assert.equal((await ask({ "sec-fetch-site": "cross-site" })).status, 403);
    assert.equal((await ask({}, {})).status, 422);
    assert.equal((await post("/api/fal/realtime-token", undefined, { app: "edit" })).status, 401);
  });

  test("the proxy route asks for the key like every other", async () => {
    const target = { "x-fal-target-url": "https://fal.run/test-owner/edit" };
    assert.equal((await post("/api/fal/proxy", undefined, { prompt: "x" }, target)).status, 401);
    assert.equal((await post("/api/fal/proxy", `Key ${MINE}`, { prompt: "x" }, target)).status, 200);
  });

  test("the official client with connect's key, with the default token in client mode, and without a key", async () => {
    const input = { prompt: "x" } as Body;
    const client = createFalClient(connect(server.origin, { key: MINE }));
    assert.equal((await client.subscribe("test-owner/edit", { input, pollInterval: 20 })).data.echo.prompt, "x");
    const stream = await client.stream("test-owner/edit", { input, connectionMode: "client" });
    assert.equal(((await stream.done()) as { echo: Body }).echo.prompt, "x");
    await assert.rejects(createFalClient(connect(server.origin)).run("test-owner/edit", { input }), { status: 401 });
  });
});
