import assert from "node:assert/strict";
import { test } from "node:test";
import { AFFECTED, KEEP, labelTable, levelTable, REMOVE } from "./mask.ts";

test("VOID removes black, keeps white, and levels that a codec has shifted are snapped", () => {
  const table = labelTable("void");
  for (const [level, label] of [
    [0, REMOVE],
    [12, REMOVE],
    [63, REMOVE],
    [80, REMOVE],
    [110, AFFECTED],
    [127, AFFECTED],
    [140, AFFECTED],
    [240, KEEP],
    [255, KEEP],
  ] as const)
    assert.equal(table[level], label, String(level));
});

test("Bria's erasing and VACE remove white, from half grey on", () => {
  const table = labelTable("white-removes");
  for (const [level, label] of [
    [0, KEEP],
    [127, KEEP],
    [128, REMOVE],
    [255, REMOVE],
  ] as const)
    assert.equal(table[level], label, String(level));
});

test("what is written in a polarity is read back the same, and the other way round as the reverse", () => {
  for (const polarity of ["void", "white-removes"] as const) {
    const [levels, labels] = [levelTable(polarity), labelTable(polarity)];
    for (const label of [KEEP, REMOVE]) assert.equal(labels[levels[label]!], label, `${polarity} ${label}`);
    const other = labelTable(polarity === "void" ? "white-removes" : "void");
    assert.equal(other[levels[REMOVE]!], KEEP);
    assert.equal(other[levels[KEEP]!], REMOVE);
  }
  assert.equal(labelTable("void")[levelTable("void")[AFFECTED]!], AFFECTED);
});
