/** The key pair that signs webhooks: Ed25519, derived from the server's secret, so that it survives restarts. */
import { createPrivateKey, createPublicKey, hkdfSync, type KeyObject } from "node:crypto";
import type { JWK } from "jose";

/** PKCS #8 header of an Ed25519 private key (RFC 8410 §7); the 32 bytes of the key follow. */
const PKCS8_HEADER = Buffer.from("302e020100300506032b657004220420", "hex");

/** The private key that webhook deliveries are signed with. */
export function webhookSigningKey(secret: Uint8Array): KeyObject {
  const seed = Buffer.from(hkdfSync("sha256", secret, new Uint8Array(), "reshoot fal webhooks", 32));
  return createPrivateKey({ key: Buffer.concat([PKCS8_HEADER, seed]), format: "der", type: "pkcs8" });
}

/** The JWKS that receivers verify with. */
export async function webhookJwks(secret: Uint8Array): Promise<{ keys: JWK[] }> {
  // Loaded when somebody asks for the keys, not at start.
  const { calculateJwkThumbprint } = await import("jose");
  const { kty, crv, x } = createPublicKey(webhookSigningKey(secret)).export({ format: "jwk" }) as Required<JWK>;
  const jwk = { kty, crv, x };
  return { keys: [{ ...jwk, kid: await calculateJwkThumbprint(jwk), use: "sig", alg: "EdDSA" }] };
}
