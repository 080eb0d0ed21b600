/** Every page of the playground opens in a real browser, under its content security policy. */
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import type { EndpointDetail } from "../../src/playground/api.ts";
import { openPlayground, type Playground, pageOf, skip } from "./browser.ts";

suite("playground pages", { skip }, () => {
  let playground: Playground;
  before(async () => {
    playground = await openPlayground();
  });
  after(() => playground?.close());

  test("the gallery shows every endpoint, and search narrows it", async () => {
    const { endpoints } = await playground.catalog();
    const { page, problems } = await playground.visit();
    const reply = await page.goto("/");
    assert.match(reply?.headers()["content-security-policy"] ?? "", /default-src 'none'/);
    const cards = page.locator(".card h3 a");
    await cards.first().waitFor();
    assert.equal(await cards.count(), endpoints.length);

    await page.getByRole("searchbox").fill("void");
    await page.locator(`.card a[href="${pageOf(endpoints.find(({ family }) => family !== "VOID")!.id)}"]`).waitFor({
      state: "detached",
    });
    const found = await page.locator(".card").allInnerTexts();
    assert.ok(found.length > 0 && found.length < endpoints.length, `${found.length} found`);
    for (const card of found) assert.match(card, /void/i);
    assert.match(page.url(), /\?q=void$/);

    await page.getByRole("searchbox").fill("nothing is called so");
    await page.getByRole("heading", { name: "Nothing matches" }).waitFor();
    await page.getByRole("button", { name: "Show all" }).click();
    await cards.nth(endpoints.length - 1).waitFor();
    assert.deepEqual(problems, []);
  });

  test("the pages that the navigation leads to are there; other addresses are none", async () => {
    const { page, problems } = await playground.visit();
    await page.goto("/");
    await page.locator(".card").first().waitFor();
    const links = await page.locator("header a[href^='/']").all();
    const paths = new Set(await Promise.all(links.map((link) => link.getAttribute("href"))));
    assert.ok(paths.has("/"));
    for (const path of paths) {
      const reply = await page.goto(path!);
      assert.equal(reply?.status(), 200, path!);
      await page.getByRole("heading", { level: 1 }).waitFor();
      assert.equal(await page.getByText("There is no such page").count(), 0, path!);
    }
    assert.deepEqual(problems, []);
    for (const path of ["/histories", "/keys/x", "/nothing"]) {
      assert.equal(
        (await fetch(`${playground.origin}${path}`, { headers: { accept: "text/html" } })).status,
        404,
        path,
      );
    }
  });

  test("every endpoint's page opens with its form and its required fields", async () => {
    const { endpoints } = await playground.catalog();
    const { page, problems } = await playground.visit();
    for (const { id, title } of endpoints) {
      const detail = (await (
        await fetch(`${playground.origin}/playground/api/endpoints/${id}`)
      ).json()) as EndpointDetail;
      await page.goto(pageOf(id));
      await page.getByRole("heading", { level: 1 }).waitFor();
      assert.equal(await page.getByRole("heading", { level: 1 }).innerText(), title, id);
      const form = page.getByRole("form", { name: "Input" });
      assert.equal(await form.getByRole("button", { name: "Run", exact: true }).count(), 1, id);
      const properties = Object.keys(detail.input.properties ?? {});
      for (const name of properties)
        assert.equal(await form.locator(`[data-path="${name}"]`).count(), 1, `${id} ${name}`);
      for (const name of detail.input.required ?? []) {
        const field = form.locator(`[data-path="${name}"]`);
        assert.ok(await field.isVisible(), `${id} ${name}`);
        assert.ok((await field.locator(".required").allInnerTexts()).includes("required"), `${id} ${name}`);
      }
      assert.deepEqual(problems, [], id);
    }
  });

  test("what is wrong with a form is said at its field", async () => {
    const { page } = await playground.visit();
    await page.goto(pageOf("fal-ai/void-video-inpainting"));
    await page.getByRole("button", { name: "Run", exact: true }).click();
    const field = page.locator('[data-path="video_url"]');
    await field.locator(".field-issue").waitFor();
    assert.equal(await field.locator(".field-issue").innerText(), "Field required");
    assert.match((await field.getAttribute("class")) ?? "", /\binvalid\b/);
  });
});
