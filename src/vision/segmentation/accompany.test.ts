import assert from "node:assert/strict";
import { test } from "node:test";
import { accompany } from "./accompany.ts";

/** A mask of 8 x 2 from its rows. */
const mask = (...rows: readonly string[]): Float32Array =>
  Float32Array.from([...rows.join("")], (cell) => (cell === "#" ? 1 : 0));
const rows = (cells: Float32Array): string[] => {
  const text = [...cells].map((cell) => (cell > 0.5 ? "#" : ".")).join("");
  return [text.slice(0, 8), text.slice(8)];
};

test("what an object affects moves sideways with it, from the nearest given mask, and is gone while the object is", () => {
  const object = [
    mask("##......", "........"),
    mask("..##....", "........"),
    mask("........", "........"),
    mask("........", "....##.."),
    mask("......##", "........"),
  ];
  const given = new Map([
    [0, mask("........", "###.....")],
    [4, mask("........", ".....###")],
  ]);
  const got: string[][] = [];
  accompany(
    given,
    (frame) => object[frame]!,
    { width: 8, frameCount: 5 },
    (frame, own) => {
      got[frame] = rows(own);
    },
  );
  assert.deepEqual(got, [
    ["........", "###....."],
    ["........", "..###..."],
    ["........", "........"],
    ["........", "...###.."],
    ["........", ".....###"],
  ]);
});
