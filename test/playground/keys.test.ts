/** The keys page in a browser: made, used, changed, revoked; never in an address; and what it says to those who may not. */
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import type { Page } from "playwright-core";
import { openPlayground, type Playground, skip } from "./browser.ts";

const ADMIN = "admin:of-all-the-keys";

/** Gives a page's key form its key. */
async function enter(page: Page, key: string): Promise<void> {
  await page.getByLabel("Key", { exact: true }).fill(key);
  await page.getByRole("button", { name: "Open", exact: true }).click();
}

suite("playground keys", { skip }, () => {
  let playground: Playground;
  before(async () => {
    playground = await openPlayground("--keys", ADMIN, "--prices", "vendor");
  });
  after(() => playground?.close());

  const status = async (key: string): Promise<number> =>
    (await fetch(`${playground.origin}/playground/api/session`, { headers: { authorization: `Key ${key}` } })).status;

  test("a key is made, shown once, used, changed and revoked", async () => {
    const { page, problems } = await playground.visit();
    const urls: string[] = [];
    page.on("request", (request) => urls.push(request.url()));
    page.on("framenavigated", (frame) => urls.push(frame.url()));
    await page.goto("/keys");
    await enter(page, ADMIN);
    await page.getByRole("button", { name: "New key" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Make the key" }).click();
    const name = dialog.getByLabel("Name");
    await dialog.getByRole("alert").waitFor();
    assert.equal(await name.getAttribute("aria-invalid"), "true");
    await name.fill('Night "shift" <b>&amp;</b>');
    await dialog.getByLabel("Budget in dollars").fill("much");
    await dialog.getByRole("button", { name: "Make the key" }).click();
    await dialog.getByText("This is not a number").waitFor();
    await dialog.getByLabel("Budget in dollars").fill("2.50");
    await dialog.getByRole("button", { name: "Make the key" }).click();
    const credentials = await page.locator("[data-credentials]").innerText();
    assert.match(credentials, /^key-[\da-f]{12}:[\w-]{43}$/);
    assert.equal(await status(credentials), 200);
    const row = page.locator(".key", { hasText: 'Night "shift" <b>&amp;</b>' });
    assert.match(await row.innerText(), /\$0 of \$2\.50/);
    await page.getByRole("button", { name: "I have it" }).click();
    const secret = credentials.split(":")[1]!;
    assert.ok(!(await page.content()).includes(secret));

    await row.getByRole("button", { name: /^Change/ }).click();
    await dialog.getByLabel("Name").fill("Day shift");
    await dialog.getByLabel("Budget in dollars").fill("");
    await dialog.getByRole("button", { name: "Save" }).click();
    const changed = page.locator(".key", { hasText: "Day shift" });
    await changed.waitFor();
    assert.doesNotMatch(await changed.innerText(), /2\.50/);

    await changed.getByRole("button", { name: /^Revoke/ }).click();
    await dialog.getByRole("button", { name: "Revoke" }).click();
    await page.getByText("1 revoked key").waitFor();
    assert.equal(await status(credentials), 401);
    assert.equal(await page.getByRole("list", { name: "Keys", exact: true }).getByText("Day shift").count(), 0);

    for (const url of urls) {
      assert.ok(
        !url.includes(secret) && !url.includes("of-all-the-keys") && !url.includes(encodeURIComponent(ADMIN)),
        url,
      );
    }
    // What an empty name is refused with.
    assert.deepEqual(
      problems.filter((problem) => !/status of 422/.test(problem)),
      [],
    );
  });

  test("a key for requests sees its own history, and is told who may look after keys", async () => {
    const made = await fetch(`${playground.origin}/playground/api/keys`, {
      method: "POST",
      headers: { authorization: `Key ${ADMIN}` },
      body: JSON.stringify({ name: "plain" }),
    });
    const { credentials } = (await made.json()) as { credentials: string };
    const { page } = await playground.visit();
    await page.goto("/keys");
    await enter(page, "admin:wrong");
    await page.getByText("The server does not know this key.").waitFor();
    await enter(page, credentials);
    await page.getByText("Only an admin key may see and change keys").waitFor();
    assert.equal(await page.getByRole("button", { name: "New key" }).count(), 0);
    await page.getByRole("link", { name: "History", exact: true }).click();
    await page.getByRole("heading", { name: "Nothing has run yet" }).waitFor();
    await page.getByRole("button", { name: "Forget key" }).click();
    await page.getByRole("heading", { name: "This server asks for a key" }).waitFor();
  });
});

suite("playground keys, where there are none", { skip }, () => {
  test("the page says what applies, and how to start with keys", async () => {
    const playground = await openPlayground();
    try {
      const { page, problems } = await playground.visit();
      await page.goto("/keys");
      await page.getByText("This server runs without keys.").waitFor();
      assert.equal(await page.getByRole("button", { name: "New key" }).count(), 0);
      const [option, variable] = await page.locator(".new-secret-line code").allInnerTexts();
      assert.match(option!, /^npm start -- --keys admin:\w{24}$/);
      assert.match(variable!, /^RESHOOT_KEYS=admin:\w{24} npm start$/);
      assert.deepEqual(problems, []);
    } finally {
      await playground.close();
    }
  });
});
