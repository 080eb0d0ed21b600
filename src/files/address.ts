/** Which network addresses a caller's URL may lead to. */
import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/**
 * Where an address leads: `public` to the internet, `private` to this network (RFC 1918, unique local, site-local,
 * carrier-grade NAT), `loopback` to this machine, `blocked` nowhere that a caller has business with.
 */
export type AddressScope = "public" | "private" | "loopback" | "blocked";

/** Which scopes besides `public` may be connected to. */
export type AddressPolicy = { readonly allowLoopback: boolean; readonly allowPrivate: boolean };

/** Cloud metadata services whose addresses lie in ranges that count as private. */
const METADATA = new Set(["100.100.100.200", "fd00:ec2:0:0:0:0:0:254", "fd20:ce:0:0:0:0:0:254"]);

const GLOBAL_UNICAST: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse("2000::"), 3];
const NAT64: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse("64:ff9b::"), 96];

/**
 * The scope of an IP address in its usual spelling; anything else is `blocked`. Ranges: the IANA special-purpose address
 * registries (RFC 6890), which `ipaddr.js` knows. What is not known to be public is blocked.
 */
export function addressScope(text: string): AddressScope {
  const version = isIP(text);
  if (version === 4) return scopeOfV4(ipaddr.IPv4.parse(text));
  if (version === 6) return scopeOfV6(ipaddr.IPv6.parse(hexGroups(text)));
  return "blocked";
}

/** Whether the policy lets anyone connect to an address of this scope. */
export function isAllowed(scope: AddressScope, policy: AddressPolicy): boolean {
  if (scope === "loopback") return policy.allowLoopback;
  if (scope === "private") return policy.allowPrivate;
  return scope === "public";
}

/**
 * The policy for what a server of this scope redirects to. A page on the internet must not send us into the network
 * around us, even where callers may name addresses there themselves.
 */
export function policyAfter(scope: AddressScope, policy: AddressPolicy): AddressPolicy {
  return {
    allowLoopback: policy.allowLoopback && scope === "loopback",
    allowPrivate: policy.allowPrivate && scope !== "public",
  };
}

/** The library takes `::127.0.0.1` for `::ffff:127.0.0.1`, the system does not; without dots there is one reading. */
function hexGroups(text: string): string {
  return new URL(`http://[${text.replace(/%.*$/, "")}]`).hostname.slice(1, -1);
}

function scopeOfV4(address: ipaddr.IPv4): AddressScope {
  if (METADATA.has(address.toString())) return "blocked";
  const range = address.range();
  if (range === "unicast") return "public";
  if (range === "private" || range === "carrierGradeNat") return "private";
  return range === "loopback" ? "loopback" : "blocked";
}

function scopeOfV6(address: ipaddr.IPv6): AddressScope {
  if (METADATA.has(address.toNormalizedString())) return "blocked";
  if (address.isIPv4MappedAddress()) return scopeOfV4(address.toIPv4Address());
  if (address.match(NAT64)) {
    // On a network without IPv4 every IPv4 host looks like this; RFC 6052 §3.1 forbids it for anything but public ones.
    const [high, low] = address.parts.slice(6) as [number, number];
    const embedded = new ipaddr.IPv4([high >> 8, high & 255, low >> 8, low & 255]);
    return scopeOfV4(embedded) === "public" ? "public" : "blocked";
  }
  // The library's types leave out some of the ranges that it knows.
  const range: string = address.range();
  if (range === "loopback") return "loopback";
  if (range === "uniqueLocal" || range === "deprecatedSiteLocal") return "private";
  return range === "unicast" && address.match(GLOBAL_UNICAST) ? "public" : "blocked";
}
