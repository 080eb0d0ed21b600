/** The data folder's own certificate authority: made once, kept, and never installed anywhere by us. */
import { X509Certificate as Certificate, createPrivateKey } from "node:crypto";
import * as fs from "node:fs/promises";
import { join } from "node:path";
import { publish } from "../files/durable.ts";
import { type Credentials, issueCertificate, makeAuthority } from "./certificates.ts";
import { SERVER_NAMES } from "./hosts.ts";

/** What the TLS listener presents: one certificate for every name, and when it ends (milliseconds since 1970). */
export type ServerCertificate = Credentials & { readonly expiresAt: number };

/** An authority that is ready to sign. */
export type Authority = {
  /** Absolute path of the certificate that users' programs must trust. */
  readonly caPath: string;
  /** The same certificate, PEM. */
  readonly caPem: string;
  /** Signs a new certificate for all of our names, good for 90 days. Its key lives in memory only. */
  issue(): Promise<ServerCertificate>;
};

const LEAF_DAYS = 90;

/**
 * Opens the authority in `<data>/tls`, making it when there is none: `ca.pem`, and `ca-key.pem` that only the owner reads.
 * Call it while holding the data folder's lock.
 * @throws Error naming the folder when the authority is incomplete, damaged or has expired.
 */
export async function openAuthority(data: string): Promise<Authority> {
  const folder = join(data, "tls");
  const caPath = join(folder, "ca.pem");
  const keyPath = join(folder, "ca-key.pem");
  await fs.mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await readIfThere(caPath)) === undefined) {
    // A key whose certificate was never written has signed nothing that anybody trusts.
    const made = await makeAuthority(Date.now());
    await writeWhole(keyPath, made.key, 0o600);
    await writeWhole(caPath, made.cert, 0o644);
  }
  const cert = (await readIfThere(caPath)) ?? "";
  const key = (await readIfThere(keyPath)) ?? "";
  refuseUnusable(folder, { cert, key });
  await fs.chmod(keyPath, 0o600);
  return {
    caPath,
    caPem: cert,
    issue: () => issueCertificate({ cert, key }, SERVER_NAMES, { now: Date.now(), days: LEAF_DAYS }),
  };
}

function refuseUnusable(folder: string, { cert, key }: Credentials): void {
  const remedy = `Delete the folder ${folder} and start again, then trust the new ca.pem`;
  let certificate: Certificate;
  try {
    certificate = new Certificate(cert);
    if (!certificate.checkPrivateKey(createPrivateKey(key))) throw new Error("the key belongs to another certificate");
  } catch (error) {
    throw new Error(`The certificate authority in ${folder} is damaged (${(error as Error).message}). ${remedy}`);
  }
  if (Date.parse(certificate.validTo) <= Date.now()) {
    throw new Error(`The certificate authority in ${folder} expired on ${certificate.validTo}. ${remedy}`);
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await fs.readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

async function writeWhole(path: string, text: string, mode: number): Promise<void> {
  const temporary = `${path}.new`;
  await fs.rm(temporary, { force: true });
  const file = await fs.open(temporary, "wx", mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await publish(fs, temporary, path);
}
