/** An endpoint is run from its page, watched, cancelled, by one click each. */
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import type { Page } from "playwright-core";
import { openPlayground, type Playground, pageOf, skip } from "./browser.ts";

const VOID = pageOf("fal-ai/void-video-inpainting");
/** Rendering the samples and running the example, on a slow machine. */
const LONG_MS = 240_000;

/** Clicks the example and waits for its run to be known to the server. */
async function runExample(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Run the example" }).click();
  await page.waitForURL(/\?request=/, { timeout: LONG_MS });
}

/** What is read of a video element. */
type Video = { readyState: number; videoWidth: number; error: { message: string } | null };

/** Asks until the answer is yes. */
async function until(ask: () => Promise<boolean>, what: string): Promise<void> {
  const end = Date.now() + 20_000;
  while (!(await ask())) {
    assert.ok(Date.now() < end, `not within 20 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

suite("playground runs", { skip }, () => {
  let playground: Playground;
  before(async () => {
    playground = await openPlayground();
  });
  after(() => playground?.close());

  test("the example runs with one click, says how far it is, and its result plays and downloads", async () => {
    const { page, problems } = await playground.visit({ acceptDownloads: true });
    await page.goto(VOID);
    // Every state and every step of the progress bar that the page shows from now on.
    await page.evaluate(`{
      globalThis.seen = { states: [], steps: [] };
      new MutationObserver(() => {
        const state = document.querySelector(".run-state")?.textContent;
        if (state && seen.states.at(-1) !== state) seen.states.push(state);
        const step = document.querySelector(".run-progress[value]")?.value;
        if (step !== undefined && seen.steps.at(-1) !== step) seen.steps.push(step);
      }).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
    }`);
    await runExample(page);
    const state = page.locator(".run-state");
    await page.locator(".run-state.succeeded, .run-state.failed").waitFor({ timeout: LONG_MS });
    assert.equal(await state.innerText(), "Done", await page.locator(".run").innerText());

    const seen = (await page.evaluate("seen")) as { states: string[]; steps: number[] };
    assert.ok(seen.steps.length > 1, `steps of progress: ${seen.steps}; states: ${seen.states.join(" | ")}`);
    assert.deepEqual(
      seen.steps,
      seen.steps.toSorted((a, b) => a - b),
    );
    assert.ok(
      seen.states.some((words) => / \d+ %$/.test(words)),
      seen.states.join(" | "),
    );

    const player = page.getByRole("region", { name: "Result player" });
    await player.waitFor();
    for (const which of ["source", "result"]) {
      const facts = (video: Video) => ({
        state: video.readyState,
        width: video.videoWidth,
        error: video.error?.message,
      });
      const video = player.locator(`.stage-${which} video`);
      // 2: the picture at the current position is there.
      await until(async () => (await video.evaluate(facts)).state >= 2, `the ${which} is decoded`);
      const { width, error } = await video.evaluate(facts);
      assert.equal(error, undefined, which);
      assert.ok(width > 0, which);
    }
    await player.getByRole("button", { name: "Frame forward" }).click();
    const frame = page.locator(".timecode span");
    await until(async () => /^frame [1-9]/.test(await frame.innerText()), "the player is a frame further");

    const download = page.waitForEvent("download");
    await page
      .getByRole("link", { name: /^Download / })
      .first()
      .click();
    const file = await download;
    assert.equal(await file.failure(), null);
    assert.match(file.suggestedFilename(), /\.mp4$/);
    let size = 0;
    let head = Buffer.alloc(0);
    for await (const chunk of await file.createReadStream()) {
      if (head.length === 0) head = chunk;
      size += chunk.length;
    }
    assert.equal(head.toString("latin1", 4, 8), "ftyp");
    assert.ok(size > 1000, `${size} bytes`);
    assert.deepEqual(problems, []);
  });

  test("a run is cancelled", async () => {
    const { page } = await playground.visit();
    await page.goto(VOID);
    await runExample(page);
    await page.getByRole("button", { name: "Cancel", exact: true }).click();
    await page.locator(".run-state.cancelled, .run-state.succeeded, .run-state.failed").waitFor({ timeout: LONG_MS });
    assert.equal(await page.locator(".run-state").innerText(), "Cancelled");
    const id = new URL(page.url()).searchParams.get("request");
    const view = await (await fetch(`${playground.origin}/playground/api/requests/${id}`)).json();
    assert.equal((view as { status: string }).status, "cancelled");
    assert.equal(await page.getByRole("region", { name: "Result player" }).count(), 0);
    assert.ok(await page.getByRole("button", { name: "Run", exact: true }).isEnabled());
  });
});
