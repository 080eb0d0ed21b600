import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fingerprint } from "./idempotency.ts";

const same = (id: string) => id;

describe("fingerprint", () => {
  it("is blind to the order of keys, at any depth, but not of list items", () => {
    assert.equal(fingerprint({ a: 1, b: [{ c: 2, d: 3 }] }, same), fingerprint({ b: [{ d: 3, c: 2 }], a: 1 }, same));
    assert.notEqual(fingerprint([1, 2], same), fingerprint([2, 1], same));
  });

  it("tells values of different types apart", () => {
    const texts = [null, 0, "0", false, "", [], {}, "null"].map((value) => fingerprint({ value }, same));
    assert.equal(new Set(texts).size, texts.length);
  });

  it("sees files by content", () => {
    const contentOf = (id: string) => (id.startsWith("cat") ? "cat" : id);
    const text = (id: string) => fingerprint({ images: [{ $url: id, file_name: `${id}.png` }] }, contentOf);
    assert.equal(text("cat1"), text("cat2"));
    assert.notEqual(text("cat1"), text("dog"));
  });
});
