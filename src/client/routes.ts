/** The vendor's hosts as paths of a Reshoot server. */

const PREFIXES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    "fal.run": "/run",
    "queue.fal.run": "/queue",
    "rest.fal.ai": "/rest",
    "rest.alpha.fal.ai": "/rest",
    "v3.fal.media": "/cdn",
    "v3b.fal.media": "/cdn",
    "api.fal.ai": "",
  }),
);

/**
 * A function that turns a vendor's URL into this server's and leaves every other URL alone. WebSocket URLs stay WebSocket
 * URLs.
 * @throws TypeError when `origin` is no http(s) URL.
 */
export function routes(origin: string): (url: string) => string {
  const base = new URL(origin);
  if (base.protocol !== "http:" && base.protocol !== "https:") {
    throw new TypeError(`connect needs an http:// or https:// URL, not ${origin}`);
  }
  const root = `${base.host}${base.pathname.replace(/\/+$/, "")}`;
  const secure = base.protocol === "https:" ? "s" : "";
  return (url) => {
    const [, protocol, host, rest = ""] = /^(https?|wss?):\/\/([^/?#]+)(.*)$/is.exec(url) ?? [];
    const prefix = PREFIXES.get(host?.toLowerCase() ?? "");
    if (!protocol || prefix === undefined) return url;
    const scheme = protocol.toLowerCase().startsWith("ws") ? "ws" : "http";
    return `${scheme}${secure}://${root}${prefix}${rest}`;
  };
}
