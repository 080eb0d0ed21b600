import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Colour, joined } from "./join.ts";

/** A column of cells below a visible row, as wide as the grid. */
function laid(colour: Colour, visible: Colour): number[] {
  const width = 5;
  return joined({
    cells: [7, 12, 17],
    width,
    height: 5,
    isVisible: (cell) => cell < width,
    colour: () => colour,
    visibleColour: () => visible,
  });
}

describe("joined", () => {
  it("keeps what goes on beside the hole", () => {
    assert.deepEqual(laid([200, 120, 130], [190, 122, 128]), [0, 1, 2]);
  });

  it("drops what hangs there: something else is visible beside it", () => {
    assert.deepEqual(laid([200, 110, 130], [60, 128, 128]), []);
  });

  it("drops what touches nothing visible", () => {
    const colour: Colour = [100, 128, 128];
    const input = { width: 5, height: 5, isVisible: () => false, colour: () => colour, visibleColour: () => colour };
    assert.deepEqual(joined({ cells: [12], ...input }), []);
  });
});
