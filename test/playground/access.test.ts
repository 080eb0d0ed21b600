/** No serious defect of accessibility that axe-core finds: light and dark, on a desk and on a phone. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, suite, test } from "node:test";
import { openPlayground, type Playground, pageOf, skip } from "./browser.ts";

type Finding = {
  readonly id: string;
  readonly impact: string | null;
  readonly help: string;
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary?: string }[];
};

const PAGES = [
  { name: "the gallery", path: "/", ready: ".card" },
  { name: "an endpoint's page", path: pageOf("fal-ai/void-video-inpainting"), ready: ".endpoint-form" },
  { name: "the mask studio before it has a clip", path: "/studio", ready: ".clip-picker" },
  { name: "the mask studio", path: "/studio?video={clip}", ready: ".studio-touch:not(:has(.studio-busy))" },
];
const WIDTHS = [
  ["desktop", { width: 1280, height: 900 }],
  ["phone", { width: 390, height: 844 }],
] as const;

suite("playground accessibility", { skip }, () => {
  let playground: Playground;
  let axe = "";
  let clip = "";
  before(async () => {
    axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
    playground = await openPlayground();
    const reply = await fetch(`${playground.origin}/playground/api/samples/ball.mp4`, { method: "POST" });
    clip = encodeURIComponent(new URL(((await reply.json()) as { url: string }).url).pathname);
  });
  after(() => playground?.close());

  for (const { name, path, ready } of PAGES) {
    for (const colorScheme of ["light", "dark"] as const) {
      for (const [width, viewport] of WIDTHS) {
        test(`${name}, ${colorScheme}, ${width}`, async () => {
          // Only what reads the page needs to pass the policy: axe evaluates its own source.
          const { page } = await playground.visit({ colorScheme, viewport, reducedMotion: "reduce", bypassCSP: true });
          await page.goto(path.replace("{clip}", clip));
          await page.locator(ready).first().waitFor();
          await page.evaluate(axe);
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
        });
      }
    }
  }
});
