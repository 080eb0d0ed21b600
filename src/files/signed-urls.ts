/** Upload URLs that carry their own permission: an HMAC over what they allow and until when. */
import { createHmac, timingSafeEqual } from "node:crypto";

/** Makes and checks permissions that travel in a query string. */
export type UrlSigner = {
  /** Query string (without `?`) that allows `action` on `id` until `expiresAt` (ms since the epoch). */
  sign(action: string, id: string, expiresAt: number): string;
  /** Whether the query's `expires` and `signature` allow this now. */
  verify(action: string, id: string, query: { expires?: string; signature?: string }): boolean;
};

/** @param secret at least 32 random bytes. */
export function createUrlSigner(secret: Uint8Array, now: () => number = Date.now): UrlSigner {
  const mac = (action: string, id: string, expires: string): Buffer =>
    createHmac("sha256", secret).update(`${action}\n${id}\n${expires}`).digest();
  return {
    sign(action, id, expiresAt) {
      const expires = String(Math.ceil(expiresAt / 1000));
      return `expires=${expires}&signature=${mac(action, id, expires).toString("base64url")}`;
    },
    verify(action, id, { expires, signature }) {
      if (!expires || !signature || !/^\d{1,12}$/.test(expires) || Number(expires) * 1000 < now()) return false;
      const given = Buffer.from(signature, "base64url");
      const wanted = mac(action, id, expires);
      return given.length === wanted.length && timingSafeEqual(given, wanted);
    },
  };
}
