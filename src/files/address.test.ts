import assert from "node:assert/strict";
import { test } from "node:test";
import { type AddressScope, addressScope, isAllowed, policyAfter } from "./address.ts";

const ADDRESSES: Record<AddressScope, readonly string[]> = {
  public: ["8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.1", "100.63.255.255", "100.128.0.1", "2606:4700::1111"],
  private: [
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "100.127.255.255",
    "fd12::1",
    "fec0::1",
  ],
  loopback: ["127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1"],
  blocked: [
    ...["0.0.0.0", "0.1.2.3", "::", "169.254.169.254", "169.254.0.1", "fe80::1", "fe80::1%eth0"],
    ...["224.0.0.1", "239.255.255.255", "ff02::1", "240.0.0.1", "255.255.255.255", "192.0.0.192"],
    ...["192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "2001:db8::1", "3fff::1", "192.88.99.1"],
    // Metadata services inside private ranges.
    ...["100.100.100.200", "fd00:ec2::254", "fd20:ce::254"],
    // IPv4 inside IPv6: compatible, translated, NAT64 well-known and local, 6to4, Teredo.
    ...["::127.0.0.1", "::8.8.8.8", "::ffff:0:8.8.8.8", "64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1"],
    ...["64:ff9b::169.254.169.254", "64:ff9b:1::8.8.8.8", "2002:7f00:1::", "2002:808:808::", "2001:0:7f00:1::1"],
    ...["::ffff:0.0.0.0", "::ffff:169.254.169.254", "4000::1", "100::1", "5f00::1"],
    // Spellings that are no addresses to the system's resolver calls.
    ...["2130706433", "0x7f.1", "0177.0.0.1", "127.1", "localhost", "", " 8.8.8.8", "8.8.8.8 ", "[::1]"],
  ],
};

test("every special-purpose range has its scope", () => {
  for (const [scope, addresses] of Object.entries(ADDRESSES)) {
    for (const address of addresses) assert.equal(addressScope(address), scope, address);
  }
});

test("public IPv4 is reached through a mapped address and through NAT64", () => {
  assert.equal(addressScope("::ffff:8.8.8.8"), "public");
  assert.equal(addressScope("64:ff9b::808:808"), "public");
  assert.equal(addressScope("::ffff:10.0.0.1"), "private");
});

test("the policy opens loopback and private separately, and blocked never", () => {
  const open = { allowLoopback: true, allowPrivate: true };
  const scopes: readonly AddressScope[] = ["public", "private", "loopback", "blocked"];
  const allowed = (policy: typeof open) => scopes.filter((scope) => isAllowed(scope, policy));
  assert.deepEqual(allowed({ allowLoopback: false, allowPrivate: false }), ["public"]);
  assert.deepEqual(allowed({ allowLoopback: true, allowPrivate: false }), ["public", "loopback"]);
  assert.deepEqual(allowed({ allowLoopback: false, allowPrivate: true }), ["public", "private"]);
  assert.deepEqual(allowed(open), ["public", "private", "loopback"]);
});

test("a redirect never leads further inwards than where it came from", () => {
  const open = { allowLoopback: true, allowPrivate: true };
  assert.deepEqual(policyAfter("public", open), { allowLoopback: false, allowPrivate: false });
  assert.deepEqual(policyAfter("private", open), { allowLoopback: false, allowPrivate: true });
  assert.deepEqual(policyAfter("loopback", open), open);
});
