/**
 * How key secrets are stored: salted SHA-256. A deliberately slow hash (scrypt) protects short passwords, but every
 * wrong guess would cost the server tens of milliseconds, so that anybody could keep it busy with made-up keys. Keys are
 * long random tokens that no search finds. Checking one takes microseconds, so nothing is cached, and a revocation by
 * another process holds from the next call on.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** What the database keeps of a secret: 16 random bytes, and 32 bytes of hash over them and the secret in UTF-8. */
export type StoredSecret = { readonly salt: Uint8Array; readonly hash: Uint8Array };

const ABSENT: StoredSecret = { salt: new Uint8Array(16), hash: new Uint8Array(32) };

/** Hashes a new secret under a fresh salt. */
export function hashSecret(secret: string): StoredSecret {
  const salt = randomBytes(16);
  return { salt, hash: digest(salt, secret) };
}

/** Compares in constant time; takes as long for a key that does not exist. */
export function secretMatches(secret: string, stored: StoredSecret | undefined): boolean {
  const { salt, hash } = stored ?? ABSENT;
  return timingSafeEqual(digest(salt, secret), hash) && stored !== undefined;
}

function digest(salt: Uint8Array, secret: string): Uint8Array {
  return createHash("sha256").update(salt).update(secret, "utf8").digest();
}
