/** Two accounts on a server with keys: neither reaches what is the other's, and the log tells nobody's secrets. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { startTarget, type Target } from "./server.ts";
import { exchange } from "./wire.ts";

const ALICE = "alice:alice-secret-8d1f6c";
const BOB = "bob:bob-secret-27ac90";
const VOID = "fal-ai/void-video-inpainting";
const HIDDEN = '{"initial_acl":{"default":"hide"}}';
const FORBIDDEN = '{"initial_acl":{"default":"forbid"}}';

type Json = Record<string, string>;

describe("accounts", () => {
  let target: Target;
  /** Everything handed out that must stay between the server and its caller. */
  const secrets = new Set(["alice-secret-8d1f6c", "bob-secret-27ac90"]);

  before(async () => {
    target = await startTarget(`--keys=${ALICE},${BOB}`);
  });
  after(async () => {
    await target.assertHealthy();
    await target.close();
  });

  const call = (method: string, path: string, key?: string, body?: string, headers: Record<string, string> = {}) =>
    fetch(path.startsWith("http") ? path : target.origin + path, {
      method,
      headers: { ...(key && { authorization: `Key ${key}` }), ...headers },
      ...(body !== undefined && { body }),
    });
  const status = async (...args: Parameters<typeof call>): Promise<number> => {
    const reply = await call(...args);
    await reply.arrayBuffer();
    return reply.status;
  };
  const json = async (...args: Parameters<typeof call>): Promise<Json> => (await (await call(...args)).json()) as Json;
  const upload = async (key: string, lifecycle: string): Promise<string> => {
    const reply = await json("POST", "/cdn/files/upload", key, "private", { "x-fal-object-lifecycle": lifecycle });
    return String(reply.access_url);
  };

  test("another account's requests do not exist, nor can they be stopped", async () => {
    const { request_id: id } = await json(
      "POST",
      `/queue/${VOID}`,
      ALICE,
      '{"prompt":"","video_url":"http://127.0.0.1:1/"}',
    );
    const path = `/queue/fal-ai/void-video-inpainting/requests/${id}`;
    for (const [method, what] of [
      ["GET", ""],
      ["GET", "/status"],
      ["GET", "/status/stream"],
      ["PUT", "/cancel"],
      ["GET", "/response"],
    ] as const) {
      assert.equal(await status(method, path + what, BOB), 404, what);
      assert.equal(await status(method, path + what), 401, what);
      assert.equal(await status(method, path + what, "alice:bob-secret-27ac90"), 401, what);
      assert.equal(await status(method, path + what, "alice:"), 401, what);
    }
    for (const prefix of ["/v1/models", "/rest", "/queue"]) {
      assert.ok([401, 404, 405].includes(await status("GET", `${prefix}/requests/${id}/webhook-deliveries`, BOB)));
    }
    assert.ok([200, 202].includes(await status("GET", `${path}/status`, ALICE)));
    // The same idempotency key is another one in another account.
    const headers = { "idempotency-key": "same" };
    const body = '{"prompt":"","video_url":"http://127.0.0.1:1/"}';
    const mine = await json("POST", `/queue/${VOID}`, ALICE, body, headers);
    const other = await json("POST", `/queue/${VOID}`, BOB, body, headers);
    assert.notEqual(mine.request_id, other.request_id);
  });

  test("another account's hidden files are not there, in no range and no spelling", async () => {
    for (const [lifecycle, expected] of [
      [HIDDEN, 404],
      [FORBIDDEN, 403],
    ] as const) {
      const url = await upload(ALICE, lifecycle);
      const id = /files\/([^/]+)/.exec(url)![1]!;
      assert.equal(await status("GET", url, ALICE), 200);
      for (const key of [undefined, BOB]) {
        assert.equal(await status("GET", url, key), expected);
        assert.equal(await status("HEAD", url, key), expected);
        assert.equal(await status("GET", url, key, undefined, { range: "bytes=0-0" }), expected);
        assert.equal(await status("GET", url, key, undefined, { "if-none-match": "*" }), expected);
        assert.equal(await status("GET", `/cdn/files/${id}`, key), expected);
        assert.equal(await status("GET", `/cdn/files/${id}/../${id}`, key), expected);
      }
      for (const host of ["v3.fal.media", "v3b.fal.media"]) {
        const [reply] = await exchange(
          target.port,
          `GET /files/${id}/x HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
        );
        assert.equal(reply?.status, expected);
      }
    }
  });

  test("another account's uploads cannot be filled, finished or replaced", async () => {
    const { access_url: url, uploadId } = await json("POST", "/cdn/files/upload/multipart", ALICE, "");
    for (const key of [BOB, undefined]) {
      const expected = key ? 404 : 401;
      assert.equal(await status("PUT", `${url}/multipart/${uploadId}/1`, key, "stolen"), expected);
      assert.equal(await status("POST", `${url}/multipart/${uploadId}/complete`, key, '{"parts":[]}'), expected);
    }
    const { upload_url } = await json("POST", "/rest/storage/upload/initiate", ALICE, '{"file_name":"a.bin"}');
    const signed = new URL(upload_url!);
    secrets.add(signed.searchParams.get("signature")!);
    const [expires, signature] = [signed.searchParams.get("expires")!, signed.searchParams.get("signature")!];
    const other = (await json("POST", "/rest/storage/upload/initiate", BOB, "{}")).upload_url!.split("?")[0]!;
    const later = String(Number(expires) + 1);
    for (const forged of [
      `${other}?expires=${expires}&signature=${signature}`,
      `${signed.origin}${signed.pathname}?expires=${later}&signature=${signature}`,
      `${signed.origin}${signed.pathname}?expires=${expires}&signature=${signature.slice(0, -2)}`,
      `${signed.origin}${signed.pathname}?expires=${expires}&signature=${signature}A`,
      `${signed.origin}${signed.pathname}?expires=${expires}&expires=${later}&signature=${signature}`,
      `${signed.origin}${signed.pathname}?expires=${expires}&signature=`,
      `${signed.origin}${signed.pathname}`,
    ]) {
      assert.equal(await status("PUT", forged, BOB, "forged"), 403, forged);
      assert.equal(await status("PUT", forged.replace("?", "/1?"), BOB, "forged"), 403, forged);
    }
    assert.equal(await status("PUT", upload_url!, undefined, "mine"), 200);
    assert.equal(await status("PUT", upload_url!, undefined, "other"), 400);
  });

  test("tokens do what they are for and nothing else", async () => {
    const apps = (await (await call("POST", "/rest/tokens/", ALICE, '{"allowed_apps":["flux"]}')).json()) as string;
    const { token: uploads } = await json("POST", "/rest/storage/auth/token", ALICE, "");
    for (const token of [apps, uploads!]) {
      secrets.add(token);
      const headers = { authorization: `Bearer ${token}` };
      for (const path of [
        `/queue/${VOID}`,
        `/run/${VOID}`,
        "/rest/tokens/",
        "/rest/storage/upload/initiate",
        "/rest/storage/auth/token",
      ]) {
        assert.equal(await status("POST", path, undefined, '{"prompt":"","allowed_apps":["x"]}', headers), 403, path);
      }
      const [head, payload, signature] = token.split(".") as [string, string, string];
      const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as object;
      const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
      const wider = encode({ ...claims, sub: "bob", apps: ["void-video-inpainting"], use: "apps" });
      const none = encode({ alg: "none", typ: "JWT" });
      for (const forged of [
        `${head}.${wider}.${signature}`,
        `${none}.${wider}.`,
        `${none}.${payload}.${signature}`,
        `${head}.${payload}.`,
        "..",
        "a.b.c",
      ]) {
        assert.equal(
          await status("POST", `/run/${VOID}`, undefined, "{}", { authorization: `Bearer ${forged}` }),
          401,
          forged,
        );
        assert.equal(await status("POST", `/run/${VOID}?fal_jwt_token=${forged}`, ALICE, "{}"), 401, forged);
      }
    }
    assert.equal(await status("POST", "/cdn/files/upload", undefined, "x", { authorization: `Bearer ${apps}` }), 403);
    assert.equal(
      await status("POST", "/cdn/files/upload", undefined, "x", { authorization: `Bearer ${uploads}` }),
      200,
    );
  });

  test("no secret is in the log, on the disk in clear, or in an answer", async () => {
    const token = [...secrets].find((secret) => secret.includes("."))!;
    const places = ["/nowhere", "/queue/a/b", "/cdn/files/x", "/v1/nowhere", "/%zz", `/queue/${VOID}`];
    for (const place of places) {
      for (const method of ["GET", "POST"]) {
        const reply = await call(method, `${place}?fal_jwt_token=${token}`, ALICE, method === "POST" ? "{" : undefined);
        const text = await reply.text();
        for (const secret of secrets) assert.ok(!text.includes(secret), `${method} ${place}: ${text}`);
      }
    }
    await exchange(target.port, `GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Key ${ALICE}\r\nBroken ${ALICE}\r\n\r\n`);
    for (const secret of secrets) {
      const at = target.log().indexOf(secret);
      assert.equal(at, -1, target.log().slice(Math.max(0, at - 300), at + 100));
    }
    const data = join(target.folder, "data");
    for (const name of readdirSync(data, { recursive: true, encoding: "utf8" })) {
      const bytes = readable(join(data, name));
      for (const secret of secrets) assert.ok(!bytes.includes(secret), name);
    }
  });
});

function readable(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0);
  }
}
