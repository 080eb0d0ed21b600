import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { openAuthority } from "./authority.ts";
import { SERVER_NAMES } from "./hosts.ts";

const DAY = 24 * 3600_000;

describe("authority", () => {
  let data: string;
  beforeEach(async () => {
    data = await mkdtemp(join(tmpdir(), "reshoot-authority-"));
  });
  afterEach(() => rm(data, { recursive: true }));

  test("is made once and kept", async () => {
    const first = await openAuthority(data);
    const second = await openAuthority(data);
    assert.equal(first.caPath, join(data, "tls", "ca.pem"));
    assert.equal(second.caPem, first.caPem);
    assert.equal(await readFile(first.caPath, "utf8"), first.caPem);
    assert.deepEqual((await readdir(join(data, "tls"))).sort(), ["ca-key.pem", "ca.pem"]);
  });

  test("issues a fresh certificate for every name of the server, good for 90 days", async () => {
    const authority = await openAuthority(data);
    const [one, two] = [await authority.issue(), await authority.issue()];
    assert.notEqual(one.key, two.key);
    const certificate = new X509Certificate(one.cert);
    assert.ok(certificate.checkIssued(new X509Certificate(authority.caPem)));
    for (const name of SERVER_NAMES) {
      assert.ok(
        name.includes(".0.") || name.includes(":") ? certificate.checkIP(name) : certificate.checkHost(name),
        name,
      );
    }
    assert.equal(certificate.checkHost("example.com"), undefined);
    assert.ok(Math.abs(one.expiresAt - Date.now() - 90 * DAY) < 60_000);
  });

  test("only the owner reads the key", { skip: process.platform === "win32" && "no modes on Windows" }, async () => {
    await openAuthority(data);
    const mode = async (name: string) => (await stat(join(data, "tls", name))).mode & 0o777;
    assert.equal(await mode("ca-key.pem"), 0o600);
    assert.equal(await mode("."), 0o700);
    await chmod(join(data, "tls", "ca-key.pem"), 0o644);
    await openAuthority(data);
    assert.equal(await mode("ca-key.pem"), 0o600);
  });

  test("a start that was broken off before the certificate was written is begun again", async () => {
    const { caPath, caPem } = await openAuthority(data);
    await rm(caPath);
    await writeFile(`${caPath}.new`, "half");
    const again = await openAuthority(data);
    assert.notEqual(again.caPem, caPem);
    await again.issue();
  });

  test("a damaged or incomplete authority is an error that names the folder, and is left as it is", async () => {
    const { caPath } = await openAuthority(data);
    const other = await mkdtemp(join(tmpdir(), "reshoot-authority-"));
    await openAuthority(other);
    const keyPath = join(data, "tls", "ca-key.pem");
    const key = await readFile(keyPath);
    const damages = {
      "another key": () => readFile(join(other, "tls", "ca-key.pem")).then((text) => writeFile(keyPath, text)),
      "an empty key": () => writeFile(keyPath, ""),
      "no key": () => rm(keyPath),
      "no certificate in the file": () => writeFile(caPath, "nonsense"),
    };
    for (const [what, damage] of Object.entries(damages)) {
      await damage();
      await assert.rejects(openAuthority(data), (error: Error) => {
        assert.ok(error.message.includes(`The certificate authority in ${join(data, "tls")} is damaged`), what);
        return true;
      });
      if (what !== "no certificate in the file") await writeFile(keyPath, key);
    }
    assert.equal(await readFile(caPath, "utf8"), "nonsense");
    await rm(other, { recursive: true });
  });

  test("an authority that has expired is an error", async () => {
    await openAuthority(data);
    mock.timers.enable({ apis: ["Date"], now: Date.now() + 3651 * DAY });
    try {
      await assert.rejects(openAuthority(data), /expired on .*Delete the folder/);
    } finally {
      mock.timers.reset();
    }
  });
});
