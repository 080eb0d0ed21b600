import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { sseEvent } from "./sse.ts";

test("an event is one line of ASCII JSON", () => {
  assert.equal(sseEvent({ a: "é\u2028🎬" }), 'data: {"a":"\\u00e9\\u2028\\ud83c\\udfac"}\n\n');
  assert.equal(sseEvent(1, "error"), "event: error\ndata: 1\n\n");
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const event = sseEvent(value);
      assert.match(event, /^data: [\x20-\x7e]*\n\n$/);
      assert.deepEqual(JSON.parse(event.slice(6)), JSON.parse(JSON.stringify(value)));
    }),
  );
});
