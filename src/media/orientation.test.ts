import assert from "node:assert/strict";
import { test } from "node:test";
import { degrees, orientationOf, turnPlane, UPRIGHT } from "./orientation.ts";

function matrix(a: number, b: number, c: number, d: number): Buffer {
  const buffer = Buffer.alloc(36);
  for (const [at, value] of [
    [0, a],
    [4, b],
    [12, c],
    [16, d],
  ] as const)
    buffer.writeInt32LE(value * 65536, at);
  return buffer;
}

/** Three columns, two rows: 0 1 2 / 3 4 5. */
const SOURCE = Uint8Array.from([0, 1, 2, 99, 3, 4, 5, 99]);

const table: readonly (readonly [string, Buffer, 0 | 90 | 180 | 270, number[]])[] = [
  ["upright", matrix(1, 0, 0, 1), 0, [0, 1, 2, 3, 4, 5]],
  ["a quarter clockwise", matrix(0, 1, -1, 0), 90, [3, 0, 4, 1, 5, 2]],
  ["half a turn", matrix(-1, 0, 0, -1), 180, [5, 4, 3, 2, 1, 0]],
  ["a quarter back", matrix(0, -1, 1, 0), 270, [2, 5, 1, 4, 0, 3]],
  ["mirrored", matrix(-1, 0, 0, 1), 0, [2, 1, 0, 5, 4, 3]],
  ["upside down", matrix(1, 0, 0, -1), 0, [3, 4, 5, 0, 1, 2]],
];

for (const [name, given, turn, wanted] of table) {
  test(`a picture stored for ${name} is turned by moving samples`, () => {
    const orientation = orientationOf(given);
    assert.equal(degrees(orientation), turn);
    const bytes = turnPlane(SOURCE, 4, 3, 2, orientation);
    assert.deepEqual([...bytes.data], wanted);
    assert.deepEqual([bytes.width, bytes.height, bytes.stride], orientation.swap ? [2, 3, 2] : [3, 2, 3]);
    const words = turnPlane(
      Uint16Array.from(SOURCE, (v) => v * 100),
      4,
      3,
      2,
      orientation,
    );
    assert.deepEqual(
      [...words.data],
      wanted.map((v) => v * 100),
    );
  });
}

test("no matrix, or half of one, is upright, and the copy is the caller's own", () => {
  assert.deepEqual(orientationOf(null), UPRIGHT);
  assert.deepEqual(orientationOf(Buffer.alloc(20)), UPRIGHT);
  const source = Buffer.from([1, 2, 3, 4]);
  const copy = turnPlane(source, 2, 2, 2, UPRIGHT);
  source.fill(0);
  assert.deepEqual([...copy.data], [1, 2, 3, 4]);
});
