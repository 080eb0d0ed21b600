/** The mask studio in a real browser: from an own clip to a clip without the object, by hand and by keys. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import type { Locator, Page } from "playwright-core";
import { openPlayground, type Playground, pageOf, skip } from "./browser.ts";

/** Following and removing, on a slow machine. */
const LONG_MS = 300_000;
const MOST_CLICKS = 6;
/** A frame on which the sample's ball is in the middle, and where the ball and its shadow are there, in shares of it. */
const FRAME = 20;
const BALL = { x: 0.36, y: 0.6 };
const SHADOW = { x: 0.42, y: 0.83 };

const stageOf = (page: Page): Locator => page.getByRole("application");
const frameSlider = (page: Page): Locator => page.getByRole("slider", { name: "Frame", exact: true });

/** Waits until the studio can take the next press. */
async function settled(page: Page): Promise<void> {
  await stageOf(page).waitFor({ timeout: LONG_MS });
  await page.locator(".studio-busy").waitFor({ state: "detached", timeout: LONG_MS });
}

/** A place of the frame in pixels of its box. */
async function placeOf(page: Page, { x, y }: { x: number; y: number }) {
  const box = await stageOf(page).boundingBox();
  return { x: x * box!.width, y: y * box!.height };
}

async function showFrame(page: Page, frame: number): Promise<void> {
  await frameSlider(page).fill(String(frame));
  await page.locator(".studio-frame", { hasText: new RegExp(`^${frame} `) }).waitFor();
}

/** The bytes of what a press downloads. */
async function downloaded(page: Page, press: () => Promise<void>): Promise<{ name: string; bytes: Buffer }> {
  const download = page.waitForEvent("download", { timeout: LONG_MS });
  await press();
  const file = await download;
  assert.equal(await file.failure(), null);
  const pieces: Buffer[] = [];
  for await (const piece of await file.createReadStream()) pieces.push(piece);
  return { name: file.suggestedFilename(), bytes: Buffer.concat(pieces) };
}

suite("mask studio", { skip }, () => {
  let playground: Playground;
  let folder = "";
  /** A clip of the visitor's: the sample as a file. */
  let clip = "";
  before(async () => {
    playground = await openPlayground();
    folder = await mkdtemp(join(tmpdir(), "reshoot-studio-"));
    clip = join(folder, "my holiday.mp4");
    const reply = await fetch(`${playground.origin}/playground/api/samples/ball.mp4`, { method: "POST" });
    const { url } = (await reply.json()) as { url: string };
    await writeFile(clip, new Uint8Array(await (await fetch(url)).arrayBuffer()));
  });
  after(async () => {
    await playground?.close();
    await rm(folder, { recursive: true, force: true });
  });

  test(`somebody new removes an object from an own clip in at most ${MOST_CLICKS} clicks`, async () => {
    const { page, problems } = await playground.visit({ acceptDownloads: true });
    let clicks = 0;
    const click: Locator["click"] extends (options?: infer O) => unknown
      ? (target: Locator, options?: O) => Promise<void>
      : never = async (target, options) => {
      clicks++;
      await target.click(options);
    };
    await page.goto("/");
    await click(page.getByRole("link", { name: "Mask studio" }));

    const chooser = page.waitForEvent("filechooser");
    await click(page.getByText("Choose a clip"));
    await (await chooser).setFiles(clip);
    await settled(page);

    const track = await frameSlider(page).boundingBox();
    await click(frameSlider(page), { position: { x: 0.42 * track!.width, y: track!.height / 2 } });
    await page.locator(".studio-frame", { hasText: /^(1[89]|2[01]) / }).waitFor();
    await click(stageOf(page), { position: await placeOf(page, BALL) });
    await page.getByText(/^Found: [\d.]+ % of the frame/).waitFor({ timeout: LONG_MS });
    await settled(page);

    await click(page.getByRole("button", { name: "Remove it" }));
    await page.waitForURL(/\/models\/.+\?request=/, { timeout: LONG_MS });
    await page.locator(".run-state.succeeded, .run-state.failed").waitFor({ timeout: LONG_MS });
    assert.equal(await page.locator(".run-state").innerText(), "Done", await page.locator(".run").innerText());
    const { name, bytes } = await downloaded(page, () => click(page.getByRole("link", { name: /^Download / }).first()));
    assert.match(name, /\.mp4$/);
    assert.equal(bytes.toString("latin1", 4, 8), "ftyp");
    assert.ok(clicks <= MOST_CLICKS, `${clicks} clicks`);
    assert.deepEqual(problems, []);
  });

  test("from upload through painting, following and correcting to the download", async () => {
    const { page, problems } = await playground.visit({ acceptDownloads: true });
    await page.goto(pageOf("bria/video/erase/mask"));
    const open = page.getByRole("button", { name: "Paint a mask" });
    await open.waitFor();
    assert.ok(await open.isDisabled(), "there is nothing to paint on yet");
    await page.locator('[data-file="video_url"]').setInputFiles(clip);
    await open.click();
    await settled(page);
    // White is the whole language of this endpoint's masks.
    assert.equal(await page.getByText("Shadow, reflection").count(), 0);

    await showFrame(page, FRAME);
    await page.keyboard.press("b");
    for (let wider = 0; wider < 4; wider++) await page.keyboard.press("]");
    const paint = async (from: { x: number; y: number }, to: { x: number; y: number }): Promise<void> => {
      const box = (await stageOf(page).boundingBox())!;
      await page.mouse.move(box.x + from.x * box.width, box.y + from.y * box.height);
      await page.mouse.down();
      await page.mouse.move(box.x + to.x * box.width, box.y + to.y * box.height, { steps: 6 });
      await page.mouse.up();
    };
    await paint({ x: 0.37, y: 0.56 }, { x: 0.45, y: 0.62 });
    const said = page.locator(".studio-said");
    assert.match(await said.innerText(), /^The mask covers [\d.]+ % of the frame/);

    await page.getByRole("button", { name: "Follow through the clip" }).click();
    await page.getByText(/^The mask is on \d+ of 48 frames/).waitFor({ timeout: LONG_MS });
    await settled(page);
    assert.ok(await page.getByRole("button", { name: "Follow again" }).isDisabled(), "nothing has changed");

    await showFrame(page, FRAME + 4);
    await paint({ x: 0.47, y: 0.56 }, { x: 0.54, y: 0.62 });
    await page.getByText("The marks have changed since it was followed.").waitFor();
    assert.equal(await page.getByRole("button", { name: /^Go to the marks on frame/ }).count(), 2);
    await page.getByRole("button", { name: "Follow again" }).click();
    await page.getByText("Look through the clip.").waitFor({ timeout: LONG_MS });
    await settled(page);
    const mask = await downloaded(page, () => page.getByRole("button", { name: /Video/ }).click());
    assert.match(mask.name, /mask\.mp4$/);
    assert.equal(mask.bytes.toString("latin1", 4, 8), "ftyp");

    await page.getByRole("button", { name: "Use it and run" }).click();
    await page.waitForURL(/\?request=/, { timeout: LONG_MS });
    await page.locator(".run-state.succeeded, .run-state.failed").waitFor({ timeout: LONG_MS });
    assert.equal(await page.locator(".run-state").innerText(), "Done", await page.locator(".run").innerText());
    const { bytes } = await downloaded(page, () =>
      page
        .getByRole("link", { name: /^Download / })
        .first()
        .click(),
    );
    assert.ok(bytes.length > 1000, `${bytes.length} bytes`);
    assert.deepEqual(problems, []);
  });

  test("a quadmask is painted by keys alone and stays in place as a picture", async () => {
    const { page, problems } = await playground.visit();
    await page.goto(pageOf("fal-ai/void-video-inpainting"));
    await page.locator('[data-file="video_url"]').setInputFiles(clip);
    // A press by key does not wait for the upload as a click does.
    await page.locator("button:enabled", { hasText: "Paint a mask" }).press("Enter");
    await settled(page);
    await page.keyboard.press("b");
    await stageOf(page).focus();
    // A dab on the object in the middle, one on its shadow half over the first, one that is taken back.
    await page.keyboard.press("Enter");
    await page.keyboard.press("s");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Control+z");
    await page.getByRole("radio", { name: "Stay in place" }).focus();
    await page.keyboard.press("Space");
    await page.getByRole("button", { name: "Use this mask" }).press("Enter");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    const name = page.locator('[data-path="quad_mask_video_url"] .media-name');
    await name.waitFor();
    const path = new URL((await name.getAttribute("title"))!).pathname;
    assert.match(path, /\.png$/);
    const levels = await page.evaluate(async (url) => {
      const scope = globalThis as unknown as {
        createImageBitmap(blob: Blob): Promise<{ width: number; height: number }>;
        OffscreenCanvas: new (
          width: number,
          height: number,
        ) => {
          getContext(kind: "2d"): {
            drawImage(picture: unknown, x: number, y: number): void;
            getImageData(x: number, y: number, w: number, h: number): { data: Uint8ClampedArray };
          };
        };
      };
      const picture = await scope.createImageBitmap(await (await fetch(url)).blob());
      const context = new scope.OffscreenCanvas(picture.width, picture.height).getContext("2d");
      context.drawImage(picture, 0, 0);
      const { data } = context.getImageData(0, 0, picture.width, picture.height);
      const found = new Set<number>();
      for (let i = 0; i < data.length; i += 4) found.add(data[i]!);
      const at = (x: number, y: number): number =>
        data[4 * (Math.floor(y * picture.height) * picture.width + Math.floor(x * picture.width))]!;
      return {
        all: [...found].sort((a, b) => a - b),
        object: at(0.48, 0.5),
        both: at(0.51, 0.5),
        below: at(0.525, 0.6),
      };
    }, path);
    assert.deepEqual(levels, { all: [0, 63, 127, 255], object: 0, both: 63, below: 255 });
    assert.deepEqual(problems, []);
  });

  test("what cannot be found is said where it was asked for, and marks come first", async () => {
    const { page } = await playground.visit();
    await page.goto("/studio");
    await page.getByText("Choose a clip").waitFor();
    await page.locator('input[type="file"]').setInputFiles(clip);
    await settled(page);
    await page.getByRole("button", { name: "Remove it" }).click();
    await page.getByRole("region", { name: "Follow" }).getByRole("alert").waitFor();
    const words = page.getByLabel("Or say what it is");
    await words.fill("a quasar");
    await words.press("Enter");
    const alert = page.getByRole("region", { name: "Mark" }).getByRole("alert");
    await alert.waitFor({ timeout: LONG_MS });
    assert.match(await alert.innerText(), /people, vehicles, animals/);
    assert.equal(await words.getAttribute("aria-invalid"), "true");
    // The clip is in the address, and nothing else: the page opens with it again.
    await page.waitForURL(/\/studio\?video=%2Fcdn%2F[^&]+$/);
    await page.reload();
    await settled(page);
    await page.keyboard.press(".");
    await page.locator(".studio-frame", { hasText: /^1 / }).waitFor();
    await stageOf(page).click({ position: await placeOf(page, SHADOW) });
    await page.locator(".studio-point.on").waitFor();
  });
});
