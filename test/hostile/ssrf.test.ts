/** URLs that lead inwards, in every field that takes one, on a running server. Resolvers that lie: fetch-guard.test.ts. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { startTarget, startTrap, type Target } from "./server.ts";
import { assertWellFormed } from "./wire.ts";

const VOID = "fal-ai/void-video-inpainting";
const MERGE = "fal-ai/ffmpeg-api/merge-audio-video";
const ALICE = "alice:alice-secret";
const BOB = "bob:bob-secret";

/** Fields that take a URL, and what else their endpoint needs; the others hold nothing that could be fetched. */
const FIELDS = [
  [VOID, "video_url", { prompt: "" }],
  [VOID, "quad_mask_video_url", { prompt: "", video_url: "data:video/mp4,x" }],
  [MERGE, "video_url", { audio_url: "data:audio/wav,x" }],
  [MERGE, "audio_url", { video_url: "data:video/mp4,x" }],
] as const;

/** Answers of a run: what was refused, and where. */
async function run(target: Target, endpoint: string, input: object, key?: string) {
  const reply = await fetch(`${target.origin}/run/${endpoint}`, {
    method: "POST",
    headers: key ? { authorization: `Key ${key}` } : {},
    body: JSON.stringify(input),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await reply.text();
  assertWellFormed(reply.status, text, JSON.stringify(input));
  const detail = (JSON.parse(text) as { detail?: { loc: string[]; type: string; msg: string }[] }).detail;
  return { status: reply.status, text, issue: detail?.[0] };
}

describe("URLs that lead inwards, on a server with keys", () => {
  let target: Target;
  let trap: Awaited<ReturnType<typeof startTrap>>;

  before(async () => {
    [target, trap] = await Promise.all([startTarget(`--keys=${ALICE},${BOB}`), startTrap()]);
  });
  after(async () => {
    await target.assertHealthy();
    assert.deepEqual(trap.hits(), []);
    await Promise.all([target.close(), trap.close()]);
  });

  /** Refused at its field, in words that tell nothing of what is there. */
  const refused = async (endpoint: string, field: string, more: object, url: string): Promise<void> => {
    const { status, issue, text } = await run(target, endpoint, { ...more, [field]: url }, ALICE);
    assert.equal(status, 422, `${url}: ${text}`);
    assert.equal(issue?.loc[1], field, `${url}: ${text}`);
    assert.ok(["file_download_error", "url_parsing", "missing"].includes(issue.type), `${url}: ${text}`);
    assert.doesNotMatch(issue.msg, /ECONN|ENOTFOUND|refused by|timed out|trapped/);
  };

  test("this machine and its network, in every spelling and field", async () => {
    const { port } = new URL(trap.origin);
    const hosts = [
      "127.0.0.1",
      "127.1",
      "2130706433",
      "0x7f000001",
      "0177.0.0.1",
      "127.0.0.1.",
      "localhost",
      "LOCALHOST.",
      "a.localhost",
    ];
    hosts.push(
      "[::1]",
      "[::ffff:127.0.0.1]",
      "[::ffff:7f00:1]",
      "[::127.0.0.1]",
      "[64:ff9b::7f00:1]",
      "[2002:7f00:1::]",
      "0.0.0.0",
      "0",
      "[::]",
    );
    hosts.push(
      "127。0。0。1",
      "①②⑦.0.0.1",
      "%31%32%37.0.0.1",
      "[2001:0:7f00:1::]",
      "[64:ff9b:1::7f00:1]",
      "[fec0::1]",
      "[fc00::1]",
      "[fe80::1]",
    );
    hosts.push(
      "10.0.0.1",
      "172.16.0.1",
      "192.168.0.1",
      "100.64.0.1",
      "169.254.169.254",
      "100.100.100.200",
      "[fd00:ec2::254]",
      "192.0.2.1",
    );
    hosts.push(
      "198.18.0.1",
      "224.0.0.1",
      "240.0.0.1",
      "255.255.255.255",
      "192.88.99.1",
      "[ff02::1]",
      "[100::1]",
      "[2001:db8::1]",
      "[::a9fe:a9fe]",
    );
    for (const [endpoint, field, more] of FIELDS) {
      await Promise.all(hosts.map((host) => refused(endpoint, field, more, `http://${host}:${port}/x.mp4`)));
    }
  });

  test("other schemes, credentials, and what is no URL", async () => {
    const { host } = new URL(trap.origin);
    const urls = [
      "file:///etc/hostname",
      "FILE:/etc/hostname",
      "/etc/hostname",
      "../../etc/hostname",
      "\\\\127.0.0.1\\share",
      "//127.0.0.1/x",
    ];
    urls.push(
      "ftp://127.0.0.1/x",
      "gopher://127.0.0.1/x",
      "rtsp://127.0.0.1/x",
      "rtmp://127.0.0.1/x",
      "concat:/etc/hostname|x",
      "subfile,,start,0,end,9,,:/etc/hostname",
    );
    urls.push(
      "pipe:0",
      "crypto:/etc/hostname",
      "hls+file:///etc/hostname",
      "blob:http://127.0.0.1/x",
      "javascript:1",
      "unix:/run/x.sock",
      "http+unix://x",
    );
    urls.push(
      `http://user:secret@${host}/`,
      `http://${host}@example.invalid/`,
      `http:${host}/x`,
      `http:\\\\${host}\\x`,
      ` http://${host}/x`,
      `http://${host}\t/x`,
    );
    urls.push(
      "http://",
      "http://[::1",
      "http://:80/",
      "http://127.0.0.1:99999/",
      `https://${host}/`,
      `http://example.invalid/${"a".repeat(20_000)}`,
      "\0",
      "http://\0/",
    );
    for (const [endpoint, field, more] of FIELDS) {
      await Promise.all(urls.map((url) => refused(endpoint, field, more, url)));
    }
  });

  test("another account's hidden file, in every spelling of this server", async () => {
    const { port } = target;
    const lifecycle = '{"initial_acl":{"default":"hide"}}';
    const stored = await fetch(`${target.origin}/cdn/files/upload`, {
      method: "POST",
      headers: { authorization: `Key ${BOB}`, "x-fal-object-lifecycle": lifecycle, "content-type": "video/mp4" },
      body: "bob's own video",
    });
    const id = /files\/([^/]+)/.exec(((await stored.json()) as { access_url: string }).access_url)![1]!;
    const origins = [
      `http://127.0.0.1:${port}`,
      `http://localhost:${port}`,
      `http://LOCALHOST:${port}`,
      `http://[::1]:${port}`,
      `http://127.1:${port}`,
    ];
    origins.push(`http://2130706433:${port}`, `http://a@127.0.0.1:${port}`, `http://127.0.0.1.:${port}`);
    const paths = [
      `/cdn/files/${id}/x.mp4`,
      `/cdn/files/${id}`,
      `/files/${id}`,
      `//cdn/files/${id}`,
      `/cdn/./files/${id}`,
      `/x/../cdn/files/${id}`,
      `/cdn/%66iles/${id}`,
      `/cdn/files/${id}?x#y`,
    ];
    for (const origin of origins) {
      for (const path of paths) {
        const { status, issue, text } = await run(
          target,
          MERGE,
          { video_url: "data:video/mp4,x", audio_url: origin + path },
          ALICE,
        );
        assert.equal(status, 422, text);
        assert.equal(issue?.loc[1], "audio_url", text);
        // Whoever could read it would be told that it is no sound.
        assert.ok(["file_download_error", "url_parsing"].includes(issue.type), `${origin}${path}: ${text}`);
      }
    }
    const own = await run(target, VOID, { prompt: "", video_url: `http://localhost:${port}/cdn/files/${id}` }, BOB);
    assert.equal(own.issue?.type, "unsupported_video_format");
  });

  test("webhooks do not lead inwards either", async () => {
    const { host, port } = new URL(trap.origin);
    const hooks = [
      `http://${host}/`,
      `http://localhost:${port}/`,
      `http://[::ffff:127.0.0.1]:${port}/`,
      `http://0.0.0.0:${port}/`,
      "http://169.254.169.254/",
      `http://0x7f.1:${port}/`,
    ];
    for (const hook of hooks) {
      const reply = await fetch(`${target.origin}/queue/${VOID}?fal_webhook=${encodeURIComponent(hook)}`, {
        method: "POST",
        headers: { authorization: `Key ${ALICE}` },
        body: '{"prompt":"","video_url":"data:video/mp4,x"}',
      });
      const text = await reply.text();
      assertWellFormed(reply.status, text, hook);
    }
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assert.deepEqual(trap.hits(), []);
  });

  test("the proxy route leads to the vendor's paths and nowhere else", async () => {
    const targets = [
      `${trap.origin}/x`,
      "http://169.254.169.254/",
      "https://fal.run.example/x",
      "https://example.com/fal.run",
      "file:///etc/hostname",
      "https://fal.run@127.0.0.1/",
    ];
    for (const url of targets) {
      const reply = await fetch(`${target.origin}/api/fal/proxy`, {
        headers: { "x-fal-target-url": url, authorization: `Key ${ALICE}` },
      });
      await reply.arrayBuffer();
      assert.ok([400, 404].includes(reply.status), `${url}: ${reply.status}`);
    }
  });
});

describe("redirects, on a server that may fetch from this machine", () => {
  let target: Target;
  let trap: Awaited<ReturnType<typeof startTrap>>;
  const redirector = createServer((request, response) => {
    const to = new URL(request.url ?? "/", "http://x").searchParams.get("to") ?? "";
    response.writeHead(302, { location: to === "loop" ? (request.url ?? "") : to }).end();
  });
  let origin = "";

  before(async () => {
    redirector.listen(0, "127.0.0.1");
    await once(redirector, "listening");
    origin = `http://127.0.0.1:${(redirector.address() as AddressInfo).port}`;
    [target, trap] = await Promise.all([startTarget(), startTrap()]);
  });
  after(async () => {
    await target.assertHealthy();
    redirector.close();
    await Promise.all([target.close(), trap.close()]);
  });

  test("each hop is checked, and there are not many", async () => {
    const goals = [
      "http://10.0.0.1/",
      "http://169.254.169.254/latest/meta-data",
      "http://100.100.100.200/",
      "http://[fd00::1]/",
      "http://0.0.0.0/",
    ];
    goals.push(
      "file:///etc/hostname",
      "ftp://127.0.0.1/",
      "data:video/mp4,x",
      "javascript:1",
      "gopher://127.0.0.1/",
      "loop",
      "http://user:x@127.0.0.1/",
      "http://",
    );
    for (const goal of goals) {
      for (const url of [
        `${origin}/?to=${encodeURIComponent(goal)}`,
        `${origin}/?to=${encodeURIComponent(`${origin}/?to=${encodeURIComponent(goal)}`)}`,
      ]) {
        const { issue, text } = await run(target, VOID, { prompt: "", video_url: url });
        assert.equal(issue?.type, "file_download_error", `${goal}: ${text}`);
        assert.deepEqual(issue.loc, ["body", "video_url"]);
      }
    }
    assert.deepEqual(trap.hits(), []);
    // The trap itself may be fetched here, which shows that redirects are followed at all.
    const { issue } = await run(target, VOID, {
      prompt: "",
      video_url: `${origin}/?to=${encodeURIComponent(`${trap.origin}/here`)}`,
    });
    assert.equal(issue?.type, "unsupported_video_format");
    assert.deepEqual(trap.hits(), ["GET /here"]);
  });
});
