/** No serious defect of accessibility that axe-core finds: light and dark, on a desk and on a phone. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, suite, test } from "node:test";
import type { Page as BrowserPage } from "playwright-core";
import { openPlayground, type Playground, pageOf, skip } from "./browser.ts";
import { writePast } from "./past.ts";

type Finding = {
  readonly id: string;
  readonly impact: string | null;
  readonly help: string;
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary?: string }[];
};

type Page = {
  readonly name: string;
  readonly path: string;
  /** What is there once the page is. */
  readonly ready: string;
  /** Its address ends with the id of a request. */
  readonly past?: true;
  /** It is of the server that has keys. */
  readonly keyed?: true;
  /** How the name of a button begins that is pressed first. */
  readonly click?: string;
};

const ADMIN = "admin:secret";
/** Colours fade over. */
const SETTLED_MS = 400;
const PAGES: readonly Page[] = [
  { name: "the gallery", path: "/", ready: ".card" },
  { name: "an endpoint's page", path: pageOf("fal-ai/void-video-inpainting"), ready: ".endpoint-form" },
  { name: "the history", path: "/history", ready: ".preview.seen" },
  { name: "a question before deletion", path: "/history", ready: ".request", click: "Delete" },
  { name: "a request", path: "/history/", ready: ".result img", past: true },
  { name: "usage as a chart", path: "/usage", ready: ".chart" },
  { name: "usage as a table", path: "/usage?as=table&measure=compute", ready: "table" },
  { name: "keys, where there are none", path: "/keys", ready: ".keys-open" },
  { name: "keys", path: "/keys", ready: ".key meter", keyed: true },
  { name: "a new key", path: "/keys", ready: ".key", keyed: true, click: "New key" },
  { name: "the mask studio before it has a clip", path: "/studio", ready: ".clip-picker" },
  { name: "the mask studio", path: "/studio?video={clip}", ready: ".studio-touch:not(:has(.studio-busy))" },
];
const WIDTHS = [
  ["desktop", { width: 1280, height: 900 }],
  ["phone", { width: 390, height: 844 }],
] as const;

suite("playground accessibility", { skip }, () => {
  let playground: Playground;
  let keyed: Playground;
  let past = "";
  let axe = "";
  let clip = "";
  before(async () => {
    axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
    playground = await openPlayground();
    const reply = await fetch(`${playground.origin}/playground/api/samples/ball.mp4`, { method: "POST" });
    clip = encodeURIComponent(new URL(((await reply.json()) as { url: string }).url).pathname);
    keyed = await openPlayground("--keys", ADMIN);
    const written = await writePast(playground.data, "local", [
      { end: "failed", prompt: "an empty street" },
      { end: "queued" },
      { end: "cancelled", ago: 50_000_000 },
      { end: "succeeded", file: "still.png", price: 0.5 },
      { end: "succeeded", price: 0.2, endpoint: "fal-ai/video-upscaler" },
    ]);
    past = written[3]!.id;
    const body = JSON.stringify({ name: "Night shift", budget: 5, concurrency: 2 });
    const headers = { authorization: `Key ${ADMIN}` };
    await fetch(`${keyed.origin}/playground/api/keys`, { method: "POST", headers, body });
  });
  after(async () => {
    await playground?.close();
    await keyed?.close();
  });

  for (const { name, path, ready, ...more } of PAGES) {
    test(name, async (t) => {
      // Only what reads the page needs to pass the policy: axe evaluates its own source.
      const { page } = await (more.keyed ? keyed : playground).visit({ reducedMotion: "reduce", bypassCSP: true });
      if (more.keyed) await page.addInitScript(`sessionStorage.setItem("reshoot-key", "${ADMIN}")`);
      await page.goto(more.past ? path + past : path.replace("{clip}", clip));
      await page.locator(ready).first().waitFor();
      if (more.click) {
        await page
          .getByRole("button", { name: new RegExp(`^${more.click}`) })
          .first()
          .click();
        await page.getByRole("dialog").waitFor();
      }
      await page.evaluate(axe);
      for (const colorScheme of ["light", "dark"] as const) {
        for (const [width, viewport] of WIDTHS) {
          await t.test(`${colorScheme}, ${width}`, async () => {
            await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
            await page.setViewportSize(viewport);
            await page.waitForTimeout(SETTLED_MS);
            await examine(page);
          });
        }
      }
      await page.context().close();
    });
  }
});

/** Fails when axe finds something grave, or the page is wider than its window. */
async function examine(page: BrowserPage): Promise<void> {
  const { violations, passes } = (await page.evaluate("axe.run(document)")) as {
    violations: Finding[];
    passes: Finding[];
  };
  assert.ok(passes.length > 10, `${passes.length} rules passed`);
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  const told = grave.map(
    ({ id, impact, help, nodes }) =>
      `${impact} ${id}: ${help}\n${nodes
        .slice(0, 5)
        .map(({ target, failureSummary }) => `  ${target.join(" ")}: ${failureSummary}`)
        .join("\n")}`,
  );
  assert.equal(grave.length, 0, told.join("\n"));
  const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
  assert.ok((overflow as number) <= 0, `the page is ${overflow} pixels wider than its window`);
}
