/** The programs that the page shows, run as they stand there: by the official clients, against the server of the page. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { after, before, suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createFalClient } from "@fal-ai/client";
import { connect } from "../../src/client/index.ts";
import type { RequestsReply, RequestView } from "../../src/playground/api.ts";
import { renderSceneFiles } from "../../src/samples/render.ts";
import { PYTHON, withoutPython } from "../tls/python.ts";
import { python, withoutClients } from "../wavespeed/clients.ts";
import { openPlayground, type Playground, pageOf, skip } from "./browser.ts";

const FAL = "fal-ai/void-video-inpainting";
const WAVESPEED = "wavespeed-ai/void-video-inpainting/mask";
/** Small: what counts is that it comes and goes. */
const SCENE = { width: 192, height: 108, frames: 8, shake: 1, pan: 4, noise: 1, seed: 3 };
/** What quoting has to get right in five languages. */
const PROMPT = "a \"street\" 'at' \\night\\ $HOME `id` %s {x} #1 // */ <!-- \u2028 &amp;\nsecond line: 東京 🎬 \u007f";
const RUN_MS = 240_000;
const CURL = "/usr/bin/curl";
/** The compiled code that this test belongs to. */
const DIST = fileURLToPath(new URL("../../", import.meta.url));

type SnippetId = "fal-js" | "fal-python" | "wavespeed-js" | "wavespeed-python" | "curl";

/** Why a program cannot be run here; in CI whatever is skipped fails. */
const MISSING: Readonly<Record<SnippetId, string | false>> = {
  "fal-js": false,
  "fal-python": withoutPython,
  "wavespeed-js": withoutClients,
  "wavespeed-python": withoutClients,
  curl: existsSync(CURL) ? false : `needs ${CURL}`,
};
const IDS = Object.keys(MISSING) as SnippetId[];

for (const key of ["", "id:a-secret"]) {
  suite(`programs of the code panel, ${key ? "with a key" : "without keys"}`, { skip }, () => {
    let playground: Playground;
    let folder: string;
    const inputs: Record<string, Readonly<Record<string, unknown>>> = {};
    before(async () => {
      playground = await openPlayground("--tls-port", "0", ...(key ? ["--keys", key] : []));
      folder = await mkdtemp(join(tmpdir(), "reshoot-programs-"));
      await installPackages(folder);
      const { source, mask } = await renderSceneFiles(SCENE, folder);
      const client = createFalClient(connect(playground.origin, key ? { key } : {}));
      const upload = async (path: string): Promise<string> =>
        client.storage.upload(new File([new Uint8Array(await readFile(path))], basename(path), { type: "video/mp4" }));
      const [video, matte] = [await upload(source), await upload(mask)];
      inputs[FAL] = { video_url: video, quad_mask_video_url: matte, prompt: PROMPT, seed: 7 };
      inputs[WAVESPEED] = { video, mask_video: matte, prompt: PROMPT, seed: 7 };
    });
    after(async () => {
      await playground?.close();
      await rm(folder, { recursive: true, force: true });
    });

    const ask = async <T>(path: string, body?: object): Promise<T> => {
      const response = await fetch(playground.origin + path, {
        method: body ? "POST" : "GET",
        headers: { ...(key && { authorization: `Bearer ${key}` }) },
        ...(body && { body: JSON.stringify(body) }),
      });
      assert.ok(response.ok, `${path}: ${response.status} ${await response.clone().text()}`);
      return (await response.json()) as T;
    };

    /** Every program of a form that is filled in with this input, by its id, with what the page says about running it. */
    async function programs(endpoint: string): Promise<Record<string, { code: string; setup: string }>> {
      const input = inputs[endpoint]!;
      // A form takes its values from an earlier request.
      const id =
        endpoint === FAL
          ? (await ask<{ request_id: string }>(`/queue/${FAL}`, input)).request_id
          : (await ask<{ data: { id: string } }>(`/api/v3/${WAVESPEED}`, input)).data.id;
      const { page, problems } = await playground.visit();
      if (key) await page.addInitScript(`sessionStorage.setItem("reshoot-key", ${JSON.stringify(key)})`);
      await page.goto(`${pageOf(endpoint)}?request=${id}`);
      const panel = page.getByRole("region", { name: "Code" });
      await panel.getByText("second line").first().waitFor();
      const found: Record<string, { code: string; setup: string }> = {};
      for (const tab of await panel.getByRole("tab").all()) {
        await tab.click();
        const pre = panel.locator("pre[data-snippet]");
        const name = (await pre.getAttribute("data-snippet")) ?? "";
        found[name] = {
          code: (await pre.textContent()) ?? "",
          setup: await panel.locator(".code-setup").first().innerText(),
        };
      }
      assert.deepEqual(problems, []);
      if (key) assert.ok(!JSON.stringify(found).includes("a-secret"), "a program holds the visitor's key");
      return found;
    }

    const checked = (endpoint: string, ids: readonly SnippetId[]): void => {
      let shown: Record<string, { code: string; setup: string }>;
      test(`the page of ${endpoint} shows them all`, async () => {
        shown = await programs(endpoint);
        assert.deepEqual(Object.keys(shown).sort(), [...ids].sort());
      });
      for (const id of ids) {
        test(`${id}: ${endpoint}`, { skip: MISSING[id] }, async () => {
          const { code, setup } = shown[id]!;
          const output = await run(id, code, setup);
          // What arrived is what was on the form, letter by letter.
          const [last] = (await ask<RequestsReply>("/playground/api/requests")).items;
          const { input, endpoint: ran, files } = await ask<RequestView>(`/playground/api/requests/${last!.id}`);
          assert.deepEqual([ran, input.prompt, input.seed], [endpoint, PROMPT, 7]);
          // What came back is its video, under whichever of the server's names.
          const { pathname } = new URL(files[0]!.url);
          assert.ok(output.includes(`${pathname.replace("/cdn/", "/")}"`), output);
          const video = Buffer.from(await (await fetch(playground.origin + pathname)).arrayBuffer());
          assert.equal(video.toString("latin1", 4, 8), "ftyp");
        });
      }
    };
    checked(FAL, IDS);
    checked(WAVESPEED, ["wavespeed-js", "wavespeed-python", "curl"]);

    async function run(id: SnippetId, code: string, setup: string): Promise<string> {
      const commands: Record<SnippetId, readonly [program: string, file: string]> = {
        "fal-js": [process.execPath, "program.mjs"],
        "fal-python": [PYTHON, "program.py"],
        "wavespeed-js": [process.execPath, "program.mjs"],
        "wavespeed-python": [python("newest"), "program.py"],
        curl: ["sh", "program.sh"],
      };
      const [program, file] = commands[id];
      await writeFile(join(folder, file), code);
      const env: Record<string, string> = { PATH: process.env.PATH ?? "", ...(key && { RESHOOT_KEY: key }) };
      if (id === "fal-python") {
        // As the page says it, with this server's authority and key in their places.
        const [, proxy] = /HTTPS_PROXY=(\S+)/.exec(setup) ?? [];
        assert.equal(proxy, playground.origin, setup);
        Object.assign(env, { HTTPS_PROXY: proxy, SSL_CERT_FILE: playground.tls.caPath!, FAL_KEY: key || "any" });
      }
      const { stdout } = await promisify(execFile)(program, [file], { cwd: folder, env, timeout: RUN_MS });
      return stdout;
    }
  });
}

/** What `npm install` would bring: the clients as they are published, and this package as it is built. */
async function installPackages(folder: string): Promise<void> {
  const modules = join(folder, "node_modules");
  const own = join(modules, "reshoot");
  await mkdir(own, { recursive: true });
  // A project of its own: no package.json further up is asked what "reshoot" is.
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true }));
  await copyFile("package.json", join(own, "package.json"));
  await symlink(resolve(DIST), join(own, "dist"), "junction");
  await symlink(resolve("node_modules", "@fal-ai"), join(modules, "@fal-ai"), "junction");
  const wavespeed = resolve(".build", "wavespeed-clients", "node_modules", "wavespeed-0.3.2");
  if (!withoutClients) await symlink(wavespeed, join(modules, "wavespeed"), "junction");
}
