import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { ReshootError } from "../errors.ts";
import { lockDataFolder } from "./data-lock.ts";

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "reshoot-lock-"));
});
after(() => rm(folder, { recursive: true, force: true }));

const isTaken = (path: string) => (error: unknown) =>
  error instanceof ReshootError &&
  error.code === "unavailable" &&
  error.message.startsWith("Another Reshoot server") &&
  error.message.includes(path);

describe("lockDataFolder", () => {
  it("lets one server in, and the next after it has left", async () => {
    const path = join(folder, "new", "data");
    const lock = await lockDataFolder(path);
    await assert.rejects(lockDataFolder(path), isTaken(path));
    lock.release();
    lock.release();
    (await lockDataFolder(path)).release();
  });

  it("is free again after kill -9", { timeout: 20_000 }, async () => {
    const path = join(folder, "killed");
    const module = JSON.stringify(new URL("./data-lock.js", import.meta.url).href);
    const code = `import { lockDataFolder } from ${module};
      const lock = await lockDataFolder(${JSON.stringify(path)});
      console.log("locked");
      setInterval(() => lock, 1000);`;
    const holder = spawn(process.execPath, ["--input-type=module", "-e", code], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(holder.stdout, "data");
    await assert.rejects(lockDataFolder(path), isTaken(path));
    holder.kill("SIGKILL");
    await once(holder, "close");
    (await lockDataFolder(path)).release();
  });

  it("says why a folder cannot be used", async () => {
    const path = join(folder, "file");
    await writeFile(path, "");
    await assert.rejects(lockDataFolder(path), (error) => {
      assert.ok(error instanceof ReshootError && error.message.includes(path), String(error));
      assert.ok(!error.message.startsWith("Another"));
      return true;
    });
  });
});
