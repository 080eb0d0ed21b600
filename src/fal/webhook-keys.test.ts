import assert from "node:assert/strict";
import { createPublicKey, sign, verify } from "node:crypto";
import { test } from "node:test";
import { webhookJwks, webhookSigningKey } from "./webhook-keys.ts";

test("what the private key signs, the published key verifies, after a restart too", async () => {
  const secret = new Uint8Array(32).fill(3);
  const signature = sign(null, Buffer.from("message"), webhookSigningKey(secret));
  const [jwk] = (await webhookJwks(new Uint8Array(secret))).keys;
  assert.equal(jwk?.kty, "OKP");
  assert.match(jwk?.x ?? "", /^[\w-]{43}$/);
  const key = createPublicKey({ key: jwk as Record<string, string>, format: "jwk" });
  assert.ok(verify(null, Buffer.from("message"), key, signature));
});
