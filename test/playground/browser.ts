/** A whole server with its playground, and a real browser that looks at it. */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { readConfig } from "../../src/config.ts";
import type { CatalogReply } from "../../src/playground/api.ts";
import { type Server, startServer } from "../../src/server.ts";

/** Debian's. */
const CHROMIUM = "/usr/bin/chromium";

/** Why browser tests are skipped here; `false` where they run. In CI they always run, so that a missing browser fails. */
export const skip: string | false =
  existsSync(CHROMIUM) || process.env.CI ? false : `needs ${CHROMIUM} (apt-get install chromium)`;

/** A page, and everything that went wrong on it so far: errors of the console, uncaught errors, violations of the CSP. */
export type Visit = { readonly page: Page; readonly problems: string[] };

/** A server on a free port and a browser. */
export type Playground = {
  readonly origin: string;
  /** The data folder. */
  readonly data: string;
  /** The server's TLS side. */
  readonly tls: Server["tls"];
  catalog(): Promise<CatalogReply>;
  /** Opens an empty page in a context of its own. */
  visit(options?: BrowserContextOptions): Promise<Visit>;
  close(): Promise<void>;
};

/** Starts both; the server has a fresh data folder that is deleted when it closes. @param options of its command line. */
export async function openPlayground(...options: string[]): Promise<Playground> {
  const folder = await mkdtemp(join(tmpdir(), "reshoot-playground-"));
  const data = join(folder, "data");
  const server = await startServer(readConfig(["--port", "0", "--data", data, ...options], {}), {
    logLevel: "error",
  });
  const closeServer = async (): Promise<void> => {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  };
  const browser = await chromium
    .launch({
      executablePath: CHROMIUM,
      // Chromium refuses to run its own sandbox as root, as CI does.
      args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
    })
    .catch(async (error: unknown) => {
      await closeServer();
      throw error;
    });
  return {
    origin: server.origin,
    data,
    tls: server.tls,
    async catalog() {
      const response = await fetch(`${server.origin}/playground/api/catalog`);
      if (!response.ok) throw new Error(`the catalog answers ${response.status}`);
      return (await response.json()) as CatalogReply;
    },
    async visit(options = {}) {
      const context = await browser.newContext({ baseURL: server.origin, locale: "en-US", ...options });
      context.setDefaultTimeout(20_000);
      await context.addInitScript(
        `addEventListener("securitypolicyviolation", (event) =>
          console.error("content security policy: " + event.violatedDirective + " " + event.blockedURI));`,
      );
      const page = await context.newPage();
      const problems: string[] = [];
      page.on("console", (message) => {
        if (message.type() === "error") problems.push(`console: ${message.text()} (${message.location().url})`);
      });
      page.on("pageerror", (error) => problems.push(`uncaught: ${error.message}`));
      return { page, problems };
    },
    async close() {
      await browser.close();
      await closeServer();
    },
  };
}

/** Address of an endpoint's page. */
export function pageOf(id: string): string {
  return `/models/${id.split("/").map(encodeURIComponent).join("/")}`;
}
