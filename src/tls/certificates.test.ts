import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { before, describe, test } from "node:test";
import { connect, createServer, type TLSSocket } from "node:tls";
import { type Credentials, issueCertificate, makeAuthority } from "./certificates.ts";

const DAY = 24 * 3600_000;
/** OpenSSL's words; Node has no code for it. */
const VIOLATION = "permitted subtree violation";

describe("certificates", () => {
  let authority: Credentials;
  before(async () => {
    authority = await makeAuthority(Date.now());
  });

  /** Why a client that trusts the authority rejects a server for these names; null when it does not. */
  async function rejection(names: readonly string[], servername = names[0]!): Promise<string | null> {
    const { cert, key } = await issueCertificate(authority, names, { now: Date.now(), days: 1 });
    const server = createServer({ cert, key }, (socket) => socket.on("error", () => {}).end()).listen(0, "127.0.0.1");
    server.on("tlsClientError", () => {});
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    try {
      return await new Promise((resolve) => {
        const isAddress = /^[\d.]+$/.test(servername);
        const socket: TLSSocket = connect(
          {
            host: isAddress ? servername : "127.0.0.1",
            port,
            ca: authority.cert,
            ...(isAddress ? {} : { servername }),
          },
          () => resolve(null),
        );
        socket.on("error", (error: NodeJS.ErrnoException) =>
          resolve(error.code === "UNSPECIFIED" ? error.message : (error.code ?? "")),
        );
        socket.resume();
      });
    } finally {
      server.close();
    }
  }

  for (const name of ["fal.run", "queue.fal.run", "v3.fal.media", "api.wavespeed.ai", "localhost", "127.0.0.1"]) {
    test(`${name} is believed`, async () => {
      assert.equal(await rejection([name]), null);
    });
  }

  for (const name of ["example.com", "xfal.run", "fal.run.example.com", "www.google.com", "ai"]) {
    test(`${name} is outside of what the authority may sign`, async () => {
      assert.equal(await rejection([name]), VIOLATION);
    });
  }

  test("one foreign name spoils a certificate that is also for a permitted one", async () => {
    assert.equal(await rejection(["fal.run", "example.com"]), VIOLATION);
    assert.equal(await rejection(["fal.run", "10.0.0.1"]), VIOLATION);
  });

  test("a certificate is for its names only", async () => {
    assert.equal(await rejection(["fal.run"], "queue.fal.run"), "ERR_TLS_CERT_ALTNAME_INVALID");
  });

  test("the authority: P-256, version 3, an authority that signs no other", () => {
    const certificate = new X509Certificate(authority.cert);
    assert.equal(certificate.ca, true);
    assert.equal(certificate.publicKey.asymmetricKeyDetails?.namedCurve, "prime256v1");
    assert.ok(certificate.verify(certificate.publicKey));
    assert.deepEqual(certificate.keyUsage, ["1.3.6.1.5.5.7.3.1"]);
    assert.ok(Date.parse(certificate.validTo) > Date.now() + 9 * 365 * DAY);
  });

  test("two authorities differ in name and serial number", async () => {
    const [one, two] = [authority, await makeAuthority(Date.now())].map(({ cert }) => new X509Certificate(cert));
    assert.notEqual(one!.subject, two!.subject);
    assert.notEqual(one!.serialNumber, two!.serialNumber);
  });

  test("a certificate ends with its authority at the latest, and says when", async () => {
    const end = Date.parse(new X509Certificate(authority.cert).validTo);
    const late = await issueCertificate(authority, ["fal.run"], { now: end - 10 * DAY, days: 90 });
    assert.equal(late.expiresAt, end);
    assert.equal(Date.parse(new X509Certificate(late.cert).validTo), end);
    const now = Date.now();
    const usual = await issueCertificate(authority, ["fal.run"], { now, days: 90 });
    assert.equal(usual.expiresAt, now + 90 * DAY);
    assert.ok(Date.parse(new X509Certificate(usual.cert).validFrom) < now - DAY / 2, "clocks may differ");
  });
});
