/** The history in a browser: found, filtered, looked at, run again with changes, deleted; and the usage it adds up to. */
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import type { RequestView } from "../../src/playground/api.ts";
import { openPlayground, type Playground, pageOf, skip } from "./browser.ts";
import { writePast } from "./past.ts";

/** Quick on any machine. */
const QUICK = "fal-ai/ffmpeg-api/extract-frame";
const LONG_MS = 240_000;
/** What would show if a text became part of the page. */
const HOSTILE = '"><img src=x onerror="document.title=1"><script>document.title=2</script>{{7*7}}';

suite("playground history", { skip }, () => {
  let playground: Playground;
  before(async () => {
    playground = await openPlayground();
  });
  after(() => playground?.close());

  const view = async (id: string): Promise<{ status: number; body: RequestView }> => {
    const response = await fetch(`${playground.origin}/playground/api/requests/${id}`);
    return { status: response.status, body: (await response.json()) as RequestView };
  };

  test("a request that ran is there, with its picture; it is run again with changes, and deleted", async () => {
    const { page, problems } = await playground.visit();
    await page.goto(pageOf(QUICK));
    await page.getByRole("button", { name: "Run the example" }).click();
    await page.locator(".run-state.succeeded, .run-state.failed").waitFor({ timeout: LONG_MS });
    const first = new URL(page.url()).searchParams.get("request")!;
    assert.equal((await view(first)).body.status, "succeeded");

    await page.getByRole("link", { name: "History", exact: true }).click();
    const row = page.locator(".request").first();
    await row.locator(".preview.seen").waitFor();
    assert.match(await row.innerText(), /extract frame[\s\S]*Done/);

    // From its page, which can be linked to, to the form with what it was given.
    await row.getByRole("link", { name: /extract frame$/i }).click();
    await page.waitForURL(`**/history/${first}`);
    await page.reload();
    await page.getByRole("heading", { name: "Times and cost" }).waitFor();
    await page.locator(".result img").waitFor();
    await page.getByRole("button", { name: "JSON in" }).click();
    assert.match(await page.locator(".run-details pre").innerText(), /"video_url": "http/);
    await page.getByRole("link", { name: "Re-run with changes" }).click();
    await page.waitForURL(`**/models/**?request=${first}`);
    const which = page.locator('[data-path="frame_type"]');
    await which.waitFor();
    const before = (await view(first)).body.input;
    assert.equal(before.frame_type, "first");
    await which.getByText("last", { exact: true }).click();
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.waitForURL((url) => ![first, null].includes(url.searchParams.get("request")), { timeout: LONG_MS });
    await page.locator(".run-state.succeeded, .run-state.failed").waitFor({ timeout: LONG_MS });
    const second = new URL(page.url()).searchParams.get("request")!;
    const { input, status, files } = (await view(second)).body;
    assert.deepEqual([status, input], ["succeeded", { ...before, frame_type: "last" }]);

    // Deleting is asked about, and takes the file along.
    await page.goto("/history");
    const rows = page.locator(".request");
    await rows.nth(1).waitFor();
    await rows
      .first()
      .getByRole("button", { name: /^Delete/ })
      .click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Keep" }).click();
    await dialog.waitFor({ state: "detached" });
    assert.equal((await view(second)).status, 200);
    await rows
      .first()
      .getByRole("button", { name: /^Delete/ })
      .click();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await rows
      .first()
      .getByRole("button", { name: /^Delete/ })
      .click();
    await dialog.getByRole("button", { name: "Delete" }).click();
    await page.locator(`a[href="/history/${second}"]`).waitFor({ state: "detached" });
    assert.equal((await view(second)).status, 404);
    assert.equal((await fetch(files[0]!.url)).status, 404);
    assert.equal((await view(first)).status, 200);
    assert.deepEqual(problems, []);
  });

  test("filters are in the address, and older ones come when they are asked for", async () => {
    const day = 24 * 3_600_000;
    await writePast(playground.data, "local", [
      { end: "failed", ago: 40 * day, prompt: "long ago" },
      ...Array.from({ length: 30 }, () => ({ end: "cancelled", ago: 3 * day }) as const),
      { end: "failed", ago: 2 * day, endpoint: "fal-ai/video-upscaler" },
    ]);
    const { page, problems } = await playground.visit();
    await page.goto("/history");
    await page.locator(".request").first().waitFor();
    await page.getByText("Failed", { exact: true }).first().click();
    await page.waitForURL(/status=failed/);
    await page.locator(".request", { hasText: "long ago" }).waitFor();
    assert.equal(await page.locator(".request").count(), 2);
    await page.getByLabel("Time", { exact: true }).selectOption("month");
    await page.locator(".request", { hasText: "long ago" }).waitFor({ state: "detached" });
    await page.getByLabel("Endpoint", { exact: true }).selectOption("fal-ai/void-video-inpainting");
    await page.getByRole("heading", { name: "Nothing matches" }).waitFor();
    await page.getByRole("button", { name: "Show all" }).click();
    await page.waitForURL(/\/history$/);

    await page.goto("/history?status=cancelled");
    await page.locator(".request").first().waitFor();
    assert.equal(await page.locator(".request").count(), 24);
    await page.getByRole("button", { name: "Show older ones" }).click();
    await page.locator(".request").nth(29).waitFor();
    assert.equal(await page.locator(".request").count(), 30);
    assert.equal(await page.getByRole("button", { name: "Show older ones" }).count(), 0);
    const date = new Date(Date.now() - 40 * day);
    const text = `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, "0")}-${String(date.getDate()).padStart(2, "0")}`;
    await page.goto(`/history?time=between&from=${text}&to=${text}`);
    await page.locator(".request", { hasText: "long ago" }).waitFor();
    assert.equal(await page.locator(".request").count(), 1);
    assert.deepEqual(problems, []);
  });

  test("what comes while the page is open appears, and other accounts' requests do not", async () => {
    const { page } = await playground.visit();
    await page.goto("/history");
    await page.locator(".request, .history-empty").first().waitFor();
    await writePast(playground.data, "somebody", [{ end: "failed", prompt: "not yours" }]);
    await writePast(playground.data, "local", [{ end: "failed", prompt: "just now" }]);
    await page.locator(".request", { hasText: "just now" }).waitFor();
    assert.equal(await page.locator(".request", { hasText: "not yours" }).count(), 0);
  });

  test("prompts, endpoints and file names are text and nothing else", async () => {
    const [past, other] = await writePast(playground.data, "local", [
      { end: "succeeded", endpoint: `x/${HOSTILE}`, prompt: HOSTILE, file: `${HOSTILE}.png` },
      { end: "failed", prompt: HOSTILE },
    ]);
    const { page, problems } = await playground.visit();
    await page.goto("/history");
    const row = page.locator(".request", { hasText: `x/${HOSTILE}` });
    await row.waitFor();
    assert.ok((await row.innerText()).includes(HOSTILE));
    for (const { id } of [past!, other!]) {
      await page.goto(`/history/${id}`);
      await page.getByRole("heading", { name: "Times and cost" }).waitFor();
      await page.locator(".run-state.succeeded, .run-state.failed").waitFor();
    }
    await page.goto("/usage");
    await page.locator(".chart").waitFor();
    assert.equal(await page.title(), "Usage · Reshoot");
    assert.equal(await page.locator('img[src="x"]').count(), 0);
    // A failed request's own answer is a failure, and so is that of an endpoint that nobody knows.
    assert.deepEqual(
      problems.filter((problem) => !/status of (404|422)/.test(problem)),
      [],
    );
  });

  test("a request that is not there is said to be none", async () => {
    const { page } = await playground.visit();
    await page.goto("/history/00000000-0000-7000-8000-000000000000");
    await page.getByRole("heading", { name: "There is no such request" }).waitFor();
  });

  test("usage is drawn and told: the same figures in chart, slider and table", async () => {
    await writePast(playground.data, "local", [
      { end: "succeeded", price: 0.25, endpoint: "fal-ai/video-upscaler" },
      { end: "succeeded", price: 1.25, endpoint: "fal-ai/video-upscaler" },
    ]);
    const { page, problems } = await playground.visit();
    await page.goto("/usage?span=week");
    const slider = page.getByRole("slider", { name: "Time" });
    await slider.waitFor();
    const told = async () => (await slider.getAttribute("aria-valuetext")) ?? "";
    const today = await told();
    assert.match(today, /^\w+ \d+ \w+: \$1\.5\d$/);
    await slider.press("ArrowLeft");
    assert.notEqual(await told(), today);
    assert.ok((await page.locator(".chart rect[class^=series-]").count()) > 0);
    await page.getByRole("button", { name: "Table", exact: true }).click();
    const [name, amount] = today.split(": ");
    const row = page.getByRole("row", { name: new RegExp(`^${name}`) });
    assert.equal(await row.getByRole("cell").last().innerText(), amount);
    await page.getByText("Requests", { exact: true }).last().click();
    await page.waitForURL(/measure=requests/);
    const sums = page.getByRole("region", { name: "Table by endpoint" });
    const upscaler = sums.getByRole("row", { name: /Video upscaler/ });
    assert.match(await upscaler.innerText(), /\$1\.50/);
    await upscaler.getByRole("link").click();
    await page.waitForURL(/\/history\?endpoint=fal-ai%2Fvideo-upscaler/);
    assert.deepEqual(problems, []);
  });
});
