/** The names this server can stand in for. */

/** Host names of the vendors that their clients and users' programs speak to, all on port 443. */
export const VENDOR_HOSTS = [
  "fal.run",
  "queue.fal.run",
  "ws.fal.run",
  "wma.fal.run",
  "rest.fal.ai",
  "rest.alpha.fal.ai",
  "api.fal.ai",
  "fal.ai",
  "v3.fal.media",
  "v3b.fal.media",
  // The Python client goes there with the same key when it cannot connect to the first two.
  "falrun.com",
  "queue.falrun.com",
  "api.wavespeed.ai",
] as const;

/** The vendors' names and this machine's own: what the server's certificate is for. */
export const SERVER_NAMES: readonly string[] = [...VENDOR_HOSTS, "localhost", "127.0.0.1", "::1"];

/** What the authority can sign at all: these domains with their subdomains, and these networks. */
export const PERMITTED_NAMES = {
  dns: ["fal.run", "fal.ai", "fal.media", "falrun.com", "wavespeed.ai", "localhost"],
  ip: ["127.0.0.0/8", "::1/128"],
} as const;

/** Whether traffic for a host name (no port) is ours when somebody sends it here. */
export function isVendorName(host: string): boolean {
  return (VENDOR_HOSTS as readonly string[]).includes(host.toLowerCase());
}
