/** Makes X.509 certificates (RFC 5280): an authority that can sign little, and certificates it signs. PEM in and out. */
import { createPrivateKey, KeyObject, randomBytes, webcrypto } from "node:crypto";
import { isIP } from "node:net";
import { AsnConvert } from "@peculiar/asn1-schema";
import {
  GeneralName,
  GeneralSubtree,
  GeneralSubtrees,
  id_ce_nameConstraints,
  NameConstraints,
} from "@peculiar/asn1-x509";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { PERMITTED_NAMES } from "./hosts.ts";

/** A certificate and the private key it is about, both PEM; the key is PKCS #8. */
export type Credentials = { readonly cert: string; readonly key: string };

const DAY_MS = 24 * 3600_000;
const AUTHORITY_DAYS = 3650;
/** Clocks of other machines and containers may be behind. */
const BACKDATE_MS = DAY_MS;
const CURVE = { name: "ECDSA", namedCurve: "P-256" } as const;
const SIGNATURE = { ...CURVE, hash: "SHA-256" } as const;

/**
 * Makes a certificate authority that is good for ten years, signs no further authorities, only servers' certificates, and
 * only for {@link PERMITTED_NAMES}: its name constraints are critical, so software that cannot check them rejects it.
 * @param now milliseconds since 1970.
 */
export async function makeAuthority(now: number): Promise<Credentials> {
  const keys = await webcrypto.subtle.generateKey(CURVE, true, ["sign", "verify"]);
  const serialNumber = newSerial();
  const name = `CN=Reshoot local CA ${serialNumber.slice(-8)}, O=Reshoot`;
  const certificate = await X509CertificateGenerator.create(
    {
      serialNumber,
      subject: name,
      issuer: name,
      notBefore: new Date(now - BACKDATE_MS),
      notAfter: new Date(now + AUTHORITY_DAYS * DAY_MS),
      publicKey: keys.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: SIGNATURE,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        // Without it the authority could still sign what names do not constrain, mail certificates for example.
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        nameConstraints(),
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
        await AuthorityKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  );
  return { cert: pemOf(certificate), key: exportKey(keys.privateKey) };
}

/**
 * Signs a server certificate with a key of its own. It ends with the authority's at the latest.
 * @param names DNS names and IP addresses; nothing keeps the caller from names that the authority is not permitted, but
 *   whoever verifies the certificate rejects it.
 * @param days how long it is good for.
 * @throws Error when the authority's PEM cannot be read.
 */
export async function issueCertificate(
  authority: Credentials,
  names: readonly string[],
  { now, days }: { readonly now: number; readonly days: number },
): Promise<Credentials & { readonly expiresAt: number }> {
  const issuer = new X509Certificate(authority.cert);
  const pkcs8 = createPrivateKey(authority.key).export({ type: "pkcs8", format: "der" });
  const signingKey = await webcrypto.subtle.importKey("pkcs8", pkcs8, CURVE, false, ["sign"]);
  const keys = await webcrypto.subtle.generateKey(CURVE, true, ["sign", "verify"]);
  const expiresAt = Math.min(now + days * DAY_MS, issuer.notAfter.getTime());
  const certificate = await X509CertificateGenerator.create(
    {
      serialNumber: newSerial(),
      subject: "CN=Reshoot, O=Reshoot",
      issuer: issuer.subject,
      notBefore: new Date(now - BACKDATE_MS),
      notAfter: new Date(expiresAt),
      publicKey: keys.publicKey,
      signingKey,
      signingAlgorithm: SIGNATURE,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension(
          names.map((value) => ({ type: isIP(value) ? ("ip" as const) : ("dns" as const), value })),
        ),
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
        await AuthorityKeyIdentifierExtension.create(issuer.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  );
  return { cert: pemOf(certificate), key: exportKey(keys.privateKey), expiresAt };
}

/** RFC 5280 §4.2.1.10. */
function nameConstraints(): Extension {
  const bases = [
    ...PERMITTED_NAMES.dns.map((dNSName) => new GeneralName({ dNSName })),
    ...PERMITTED_NAMES.ip.map((iPAddress) => new GeneralName({ iPAddress })),
  ];
  const permittedSubtrees = new GeneralSubtrees(bases.map((base) => new GeneralSubtree({ base })));
  const value = AsnConvert.serialize(new NameConstraints({ permittedSubtrees }));
  return new Extension(id_ce_nameConstraints, true, value);
}

/** 127 random bits in hex; the first is left clear because serial numbers are positive. */
function newSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x3f) | 0x40;
  return bytes.toString("hex");
}

function exportKey(key: webcrypto.CryptoKey): string {
  return KeyObject.from(key).export({ type: "pkcs8", format: "pem" }) as string;
}

function pemOf(certificate: X509Certificate): string {
  return `${certificate.toString("pem").trim()}\n`;
}
