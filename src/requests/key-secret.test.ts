import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hashSecret, secretMatches } from "./key-secret.ts";

describe("key secrets", () => {
  it("match themselves only", () => {
    const stored = hashSecret("correct horse");
    assert.equal(secretMatches("correct horse", stored), true);
    for (const wrong of ["", "correct hors", "correct horse ", "x".repeat(1e6)]) {
      assert.equal(secretMatches(wrong, stored), false);
    }
    assert.equal(secretMatches("", undefined), false);
  });

  it("are stored under a salt of their own, never as text", () => {
    const [one, two] = [hashSecret("same"), hashSecret("same")];
    assert.notDeepEqual(one.salt, two.salt);
    assert.notDeepEqual(one.hash, two.hash);
    assert.equal(one.hash.length, 32);
  });
});
