/** Webhooks as a receiver sees them, verified as the vendor documents it. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { after, before, beforeEach, describe, test } from "node:test";
import { ReshootError } from "../../src/errors.ts";
import { npmPackage, type OldPackage, withoutClients } from "./clients.ts";
import { EDIT, oneFile, startWavespeedServer, type WavespeedServer } from "./server.ts";

type Received = { url: string; headers: Record<string, string | string[] | undefined>; body: Buffer };

describe("webhooks", () => {
  let server: WavespeedServer;
  let target: string;
  let received: (message: Received) => number;
  const hooks = createServer(async (request, response) => {
    const body = await buffer(request);
    response.statusCode = received({ url: request.url ?? "", headers: request.headers, body });
    response.end();
  });

  before(async () => {
    server = await startWavespeedServer();
    await new Promise<void>((resolve) => hooks.listen(0, "127.0.0.1", resolve));
    target = `http://127.0.0.1:${(hooks.address() as AddressInfo).port}`;
  });
  after(async () => {
    await server.close();
    hooks.close();
  });
  beforeEach(async () => {
    await server.idle();
    server.setWorker(oneFile);
  });

  /** The next message. */
  const next = () =>
    new Promise<Received>((resolve) => {
      received = (message) => {
        resolve(message);
        return 200;
      };
    });

  /** The vendor's documented check. */
  async function verify({ headers, body }: Received): Promise<void> {
    const { secret } = (await server.call("/webhook/secret")).body.data;
    const [version, signature] = String(headers["webhook-signature"]).split(",");
    const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body.toString("utf8")}`;
    const expected = createHmac("sha256", secret.replace("whsec_", "")).update(signed).digest("hex");
    assert.deepEqual([version, signature], ["v3", expected]);
    assert.ok(Math.abs(Date.now() / 1000 - Number(headers["webhook-timestamp"])) < 300);
    assert.match(String(headers["content-type"]), /^application\/json/);
  }

  test("a completed and a failed prediction: bare, signed", async () => {
    const completed = next();
    const webhook = encodeURIComponent(`${target}/hook?a=1&b=2`);
    const { body } = await server.call(`/${EDIT}?webhook=${webhook}`, { prompt: "x" });
    const message = await completed;
    await verify(message);
    assert.equal(message.url, "/hook?a=1&b=2");
    const prediction = JSON.parse(message.body.toString());
    assert.deepEqual([prediction.id, prediction.status, prediction.input.prompt], [body.data.id, "completed", "x"]);
    assert.equal(await (await fetch(prediction.outputs[0])).text(), "not really a video");
    assert.deepEqual(prediction, (await server.call(`/predictions/${prediction.id}`)).body.data);

    server.setWorker(() => Promise.reject(new ReshootError("video_load_error", "no video")));
    const failed = next();
    await server.call(`/${EDIT}?webhook=${webhook}`, { prompt: "x" });
    const failure = await failed;
    await verify(failure);
    const { status, code, error } = JSON.parse(failure.body.toString());
    assert.deepEqual([status, code, error], ["failed", 1402, "no video"]);
  });

  test("the oldest client does not encode the webhook's own query", { skip: withoutClients }, async () => {
    const { WaveSpeed } = npmPackage<OldPackage>("0.0.15");
    const client = new WaveSpeed("any", { baseUrl: `${server.origin}/api/v3/` });
    const message = next();
    await client.create(EDIT, { prompt: "x" }, { webhook: `${target}/hook?a=1&b=2` });
    assert.equal((await message).url, "/hook?a=1&b=2");
  });

  test("a webhook that is no URL is refused", async () => {
    for (const webhook of ["nowhere", "ftp://example.com", "file:///etc/passwd"]) {
      const { status, body } = await server.call(`/${EDIT}?webhook=${webhook}`, { prompt: "x" });
      assert.deepEqual([status, body.error_code], [400, "1401"], webhook);
    }
  });
});
