/** Media from elsewhere come to this server by the guarded way only. */
import assert from "node:assert/strict";
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, suite, test } from "node:test";
import { startTestServer, type TestServer } from "../end-to-end/server.ts";

suite("fetching media for the page", () => {
  let server: TestServer;
  let elsewhere: HttpServer;
  let address = "";
  before(async () => {
    server = await startTestServer();
    elsewhere = createServer((request, response) => {
      const type = request.url === "/page" ? "text/html" : "video/mp4";
      response.writeHead(200, { "content-type": type }).end("bytes of a clip");
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
    address = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`;
  });
  after(async () => {
    elsewhere?.close();
    await server?.close();
  });

  const ask = (body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${server.origin}/playground/api/remote`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });

  test("a clip becomes a file of this server", async () => {
    const reply = await ask({ url: `${address}/clip.mp4` });
    assert.equal(reply.status, 200, await reply.clone().text());
    const { url } = (await reply.json()) as { url: string };
    assert.ok(url.startsWith(`${server.origin}/cdn/`), url);
    const file = await fetch(url);
    assert.equal(file.headers.get("content-type"), "video/mp4");
    assert.equal(await file.text(), "bytes of a clip");
  });

  test("pages, other schemes, addresses of the network and missing fields are refused at the field", async () => {
    for (const url of [`${address}/page`, "file:///etc/passwd", "http://169.254.169.254/latest/", "", 7]) {
      const reply = await ask({ url });
      assert.equal(reply.status, 422, String(url));
      const { issues } = (await reply.json()) as { issues: { loc: string[] }[] };
      assert.deepEqual(issues[0]?.loc, ["body", "url"], String(url));
    }
  });

  test("other sites cannot ask for it", async () => {
    const reply = await ask({ url: `${address}/clip.mp4` }, { "sec-fetch-site": "cross-site" });
    assert.equal(reply.status, 403);
  });
});
