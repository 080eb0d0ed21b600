/** Webhooks in the WaveSpeed dialect: a bare prediction, signed with HMAC (PROTOCOL B8). */
import { createHmac, hkdfSync } from "node:crypto";
import type { RequestRecord } from "../requests/store.ts";
import type { WebhookDialect } from "../requests/webhooks.ts";
import type { Services } from "../services.ts";
import { predictionId, predictionOf } from "./prediction.ts";

const SECRET_PREFIX = "whsec_";

/** The dialect's part of the webhook deliverer. */
export function createWavespeedWebhooks(services: Services): WebhookDialect {
  return {
    async body(record) {
      return Buffer.from(JSON.stringify(await predictionOf(record, services, originOf(record, services))));
    },
    headers: (record, body, at) => signature(webhookSecret(services.secret, record.keyId), record.id, body, at),
  };
}

/** The secret that a key's webhooks are signed with. It follows from the server's own, so that it survives restarts. */
export function webhookSecret(serverSecret: Uint8Array, keyId: string | null): string {
  const info = `reshoot wavespeed webhooks ${keyId ?? ""}`;
  return SECRET_PREFIX + Buffer.from(hkdfSync("sha256", serverSecret, new Uint8Array(), info, 32)).toString("hex");
}

/**
 * Headers that sign a body. The key is the secret's text after its prefix, as it is: it is not decoded.
 * @param at milliseconds since the epoch; receivers refuse what is older than five minutes.
 */
export function signature(
  secret: string,
  requestId: string,
  body: Uint8Array,
  at: number,
): Readonly<Record<"webhook-id" | "webhook-timestamp" | "webhook-signature", string>> {
  const id = predictionId(requestId);
  const timestamp = String(Math.floor(at / 1000));
  const mac = createHmac("sha256", secret.slice(SECRET_PREFIX.length)).update(`${id}.${timestamp}.`).update(body);
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v3,${mac.digest("hex")}` };
}

/** There is no request to answer: URLs are for wherever the caller was when it submitted. */
function originOf({ options }: RequestRecord, { config, ownOrigins }: Services): string {
  const submitted = typeof options.origin === "string" && URL.canParse(options.origin) ? options.origin : undefined;
  return config.publicUrl ?? submitted ?? ownOrigins()[0] ?? "";
}
