/** Keys that are made on the server: who may, what they may, how long they live, and that no secret is told twice. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { readConfig } from "../../src/config.ts";
import type { KeysReply, KeyView, NewKeyReply } from "../../src/playground/api.ts";
import { type Server, startServer } from "../../src/server.ts";

const ADMIN = "admin:of-all-keys";
const CLI = fileURLToPath(new URL("../../src/cli.js", import.meta.url));

describe("keys made on the server", () => {
  let folder: string;
  let server: Server;
  const start = async (...options: string[]): Promise<void> => {
    const config = readConfig(["--port", "0", "--data", join(folder, "data"), ...options], {});
    server = await startServer(config, { logLevel: "error" });
  };
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "reshoot-keys-"));
    await start("--keys", `${ADMIN},camera:of-bob`);
  });
  after(async () => {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });

  // biome-ignore lint/suspicious/noExplicitAny: JSON of many shapes, looked at by assertions only.
  const ask = async <T = any>(key: string, path: string, method = "GET", body?: unknown) => {
    const response = await fetch(`${server.origin}/playground/api${path}`, {
      method,
      headers: { ...(key && { authorization: `Bearer ${key}` }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as T };
  };
  const make = async (fields: object = {}, by = ADMIN): Promise<NewKeyReply> => {
    const { status, body } = await ask<NewKeyReply>(by, "/keys", "POST", { name: "a key", ...fields });
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  };
  const works = async (credentials: string): Promise<boolean> => (await ask(credentials, "/session")).status === 200;

  test("a new key works, with an account of its own or the maker's, and its secret is said once", async () => {
    const { key, credentials } = await make({ name: " Render\u0000\u202efarm ", budget: 2.5, concurrency: 3 });
    assert.match(credentials, /^key-[\da-f]{12}:[\w-]{43}$/);
    assert.deepEqual(key, {
      id: credentials.split(":")[0],
      name: "Render farm",
      account: key.id,
      scope: "API",
      source: "created",
      createdAt: key.createdAt,
      revokedAt: null,
      budget: 2.5,
      charged: 0,
      reserved: 0,
      concurrency: 3,
    });
    assert.deepEqual((await ask(credentials, "/session")).body, { account: key.id, admin: false });
    const shared = await make({ account: "own", scope: "ADMIN" });
    assert.deepEqual((await ask(shared.credentials, "/session")).body, { account: "admin", admin: true });

    const { body } = await ask<KeysReply>(ADMIN, "/keys");
    assert.deepEqual([body.open, body.own], [false, "admin"]);
    assert.deepEqual(
      body.keys.find(({ id }) => id === key.id),
      key,
    );
    const told = JSON.stringify(body);
    for (const { credentials } of [{ credentials: ADMIN }, { credentials: shared.credentials }]) {
      assert.ok(!told.includes(credentials.split(":")[1]!));
    }
  });

  test("only admin keys may", async () => {
    const { credentials, key } = await make();
    for (const [path, method] of [
      ["/keys", "GET"],
      ["/keys", "POST"],
      [`/keys/${key.id}`, "PATCH"],
      [`/keys/${key.id}`, "DELETE"],
    ] as const) {
      const body = method === "GET" ? undefined : { name: "x" };
      assert.equal((await ask(credentials, path, method, body)).status, 403, `${method} ${path}`);
      assert.equal((await ask("", path, method, body)).status, 401, `${method} ${path}`);
      assert.equal((await ask("admin:guess", path, method, body)).status, 401, `${method} ${path}`);
    }
    const elsewhere = await fetch(`${server.origin}/playground/api/keys`, {
      headers: { authorization: `Key ${ADMIN}`, "sec-fetch-site": "cross-site" },
    });
    assert.equal(elsewhere.status, 403);
  });

  test("what is wrong is said of its field", async () => {
    const table: readonly [fields: object, field: string][] = [
      [{ name: "" }, "name"],
      [{ name: " \u200b " }, "name"],
      [{ name: "x".repeat(81) }, "name"],
      [{ name: 5 }, "name"],
      [{ scope: "ROOT" }, "scope"],
      [{ account: "camera" }, "account"],
      [{ budget: -1 }, "budget"],
      [{ budget: "1" }, "budget"],
      [{ budget: 1e10 }, "budget"],
      [{ concurrency: 0 }, "concurrency"],
      [{ concurrency: 1.5 }, "concurrency"],
    ];
    const count = (await ask<KeysReply>(ADMIN, "/keys")).body.keys.length;
    for (const [fields, field] of table) {
      const { status, body } = await ask(ADMIN, "/keys", "POST", { name: "x", ...fields });
      assert.deepEqual([status, body.issues[0]?.loc], [422, ["body", field]], JSON.stringify(fields));
    }
    assert.equal((await ask(ADMIN, "/keys", "POST", [])).status, 422);
    assert.equal((await ask<KeysReply>(ADMIN, "/keys")).body.keys.length, count);
  });

  test("name and limits change; the secret, account and scope do not", async () => {
    const { key, credentials } = await make({ budget: 1 });
    const change = { name: "<i>Other</i>", budget: null, scope: "ADMIN", account: "own", source: "configured" };
    const { body } = await ask<KeyView>(ADMIN, `/keys/${key.id}`, "PATCH", change);
    assert.deepEqual(body, { ...key, name: "<i>Other</i>", budget: null });
    const { body: limited } = await ask<KeyView>(ADMIN, `/keys/${key.id}`, "PATCH", { concurrency: 2 });
    assert.deepEqual(limited, { ...body, concurrency: 2 });
    assert.ok(await works(credentials));
    assert.equal((await ask(ADMIN, `/keys/${key.id}`, "PATCH", { budget: -1 })).status, 422);
    assert.equal((await ask(ADMIN, "/keys/nobody", "PATCH", { name: "x" })).status, 404);
  });

  test("a revoked key is refused at once, by every dialect, and stays revoked", async () => {
    const { key, credentials } = await make();
    assert.ok(await works(credentials));
    assert.deepEqual((await ask(ADMIN, `/keys/${key.id}`, "DELETE")).body, { revoked: key.id });
    assert.equal(await works(credentials), false);
    const headers = { authorization: `Bearer ${credentials}` };
    for (const path of [
      "/v1/models/usage",
      "/api/v3/balance",
      "/queue/fal-ai/void-video-inpainting/requests/x/status",
    ]) {
      assert.equal((await fetch(`${server.origin}${path}`, { headers })).status, 401, path);
    }
    for (const method of ["DELETE", "PATCH"]) {
      assert.equal((await ask(ADMIN, `/keys/${key.id}`, method, { name: "x" })).status, 404);
    }
  });

  test("configured keys are looked after where they are configured", async () => {
    for (const method of ["DELETE", "PATCH"]) {
      const { status, body } = await ask(ADMIN, "/keys/camera", method, { name: "x" });
      assert.equal(status, 400);
      assert.match(body.message, /--keys/);
    }
    assert.ok(await works("camera:of-bob"));
  });

  test("created keys live through restarts, configured ones as long as they are configured", async () => {
    const kept = await make({ name: "kept", budget: 3 });
    const gone = await make();
    await ask(ADMIN, `/keys/${gone.key.id}`, "DELETE");
    await server.close();
    await start("--keys", ADMIN);
    assert.ok(await works(kept.credentials));
    assert.equal(await works(gone.credentials), false);
    assert.equal(await works("camera:of-bob"), false);
    const { body } = await ask<KeysReply>(ADMIN, "/keys");
    assert.deepEqual(
      body.keys.find(({ id }) => id === kept.key.id),
      kept.key,
    );
    assert.ok(body.keys.find(({ id }) => id === "camera")?.revokedAt);

    // Without keys the server is open; created keys rest, and count again afterwards.
    await server.close();
    await start();
    const open = (await ask<KeysReply>("", "/keys")).body;
    assert.deepEqual([open.open, open.own], [true, null]);
    assert.ok(open.keys.some(({ id, revokedAt }) => id === kept.key.id && revokedAt === null));
    const refused = await ask("", "/keys", "POST", { name: "x" });
    assert.equal(refused.status, 400);
    assert.match(refused.body.message, /--keys/);
    await server.close();
    await start("--keys", `${ADMIN},camera:new`);
    assert.ok(await works(kept.credentials));
    assert.ok(await works("camera:new"));
  });
});

test("no secret of a key is logged or printed", async () => {
  const folder = await mkdtemp(join(tmpdir(), "reshoot-keys-"));
  const child = spawn(process.execPath, [CLI, "--port", "0", "--data", join(folder, "data")], {
    env: { ...process.env, RESHOOT_KEYS: ADMIN, RESHOOT_LOG: "trace" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const origin = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        const [, found] = /ready at (\S+)/.exec(output) ?? [];
        if (found) resolve(found);
      });
    }
    child.on("close", () => reject(new Error(output)));
  });
  try {
    const ask = (key: string, path: string, method: string, body?: object) =>
      fetch(`${origin}/playground/api${path}`, {
        method,
        headers: { authorization: `Key ${key}` },
        ...(body && { body: JSON.stringify(body) }),
      });
    const made = (await (await ask(ADMIN, "/keys", "POST", { name: "x" })).json()) as NewKeyReply;
    await ask(made.credentials, "/requests", "GET");
    await ask(ADMIN, `/keys/${made.key.id}`, "PATCH", { name: "y" });
    await ask(ADMIN, `/keys/${made.key.id}`, "DELETE");
    await ask(made.credentials, "/requests", "GET");
    child.kill("SIGTERM");
    await once(child, "close");
    for (const what of ["key created", "key changed", "key revoked"]) assert.match(output, new RegExp(what));
    for (const key of [ADMIN, made.credentials])
      assert.ok(!output.includes(key.split(":")[1]!), "a secret is in the log");
  } finally {
    child.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  }
});
