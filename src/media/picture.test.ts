import assert from "node:assert/strict";
import { test } from "node:test";
import { AVCOL_RANGE_JPEG, AVCOL_RANGE_MPEG, AVCOL_SPC_BT709, AVCOL_SPC_RGB } from "node-av/constants";
import { avGetPixFmtFromName, type Frame as NativeFrame } from "node-av/lib";
import { allocatePicture } from "./ffmpeg.ts";
import { UPRIGHT } from "./orientation.ts";
import { BT709, createPictureReader } from "./picture.ts";

/** A picture of one colour: every pixel's bytes are those given, plane by plane. */
function picture(name: string, width: number, height: number, planes: readonly (readonly number[])[]): NativeFrame {
  const native = allocatePicture(width, height, avGetPixFmtFromName(name));
  for (const [index, pattern] of planes.entries()) {
    const bytes = native.data![index]!;
    for (let i = 0; i < bytes.length; i++) bytes[i] = pattern[i % pattern.length]!;
  }
  const isRgb = /rgb|bgr|gbr|pal/.test(name);
  native.colorSpace = isRgb ? AVCOL_SPC_RGB : AVCOL_SPC_BT709;
  native.colorRange = isRgb ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
  return native;
}

type Wanted = { y: number; u: number; v: number; shifts?: string; depth?: number; alpha?: boolean };

/** Format, planes, and the first sample of each plane read. BT.709 red is 63, 102, 240 (ITU-R BT.709 section 3). */
const table: readonly (readonly [string, readonly (readonly number[])[], Wanted])[] = [
  ["yuv420p", [[81], [90], [240]], { y: 81, u: 90, v: 240 }],
  ["yuv411p", [[81], [90], [240]], { y: 81, u: 90, v: 240, shifts: "2,0" }],
  ["yuv440p", [[81], [90], [240]], { y: 81, u: 90, v: 240, shifts: "0,1" }],
  ["yuv410p", [[81], [90], [240]], { y: 81, u: 90, v: 240 }],
  ["nv12", [[81], [90, 240]], { y: 81, u: 90, v: 240 }],
  ["nv16", [[81], [90, 240]], { y: 81, u: 90, v: 240, shifts: "1,0" }],
  ["yuyv422", [[81, 90, 81, 240]], { y: 81, u: 90, v: 240, shifts: "1,0" }],
  [
    "p010le",
    [
      [0, 80],
      [0, 90, 0, 240],
    ],
    { y: 320, u: 360, v: 960, depth: 10 },
  ],
  [
    "yuv420p9le",
    [
      [0, 1],
      [0, 1],
      [0, 1],
    ],
    { y: 512, u: 512, v: 512, depth: 10 },
  ],
  [
    "yuv422p12le",
    [
      [0, 1],
      [0, 8],
      [0, 8],
    ],
    { y: 256, u: 2048, v: 2048, shifts: "1,0", depth: 12 },
  ],
  ["gray", [[81]], { y: 81, u: 128, v: 128 }],
  ["rgb24", [[255, 0, 0]], { y: 63, u: 102, v: 240 }],
  ["bgra", [[0, 0, 255, 255]], { y: 63, u: 102, v: 240, alpha: true }],
  ["bgra", [[0, 0, 255, 0]], { y: 16, u: 128, v: 128, alpha: true }],
  ["gbrp", [[0], [0], [255]], { y: 63, u: 102, v: 240 }],
  ["yuva420p", [[216], [90], [240], [255]], { y: 216, u: 90, v: 240, alpha: true }],
  ["yuva420p", [[216], [90], [240], [0]], { y: 16, u: 128, v: 128, alpha: true }],
  ["yuva420p", [[216], [90], [240], [51]], { y: 56, u: 120, v: 150, alpha: true }],
];

for (const [name, planes, wanted] of table) {
  test(`${name} ${planes.join(" ")} is read as ${Object.values(wanted).join(" ")}`, () => {
    const native = picture(name, 16, 8, planes);
    const reader = createPictureReader(native, UPRIGHT);
    const { format } = reader;
    const { planes: read } = reader.read(native);
    assert.deepEqual(
      read.map(({ data }) => data[0]),
      [wanted.y, wanted.u, wanted.v],
    );
    for (const { data } of read)
      assert.ok(
        data.every((value) => value === data[0]),
        "every sample alike",
      );
    assert.equal(`${format.chromaShiftX},${format.chromaShiftY}`, wanted.shifts ?? "1,1");
    assert.deepEqual([format.bitDepth, format.fullRange], [wanted.depth ?? 8, false]);
    assert.equal(reader.hasAlpha, wanted.alpha ?? false);
    assert.equal(reader.color.matrix, BT709.matrix);
    reader.close();
    native.free();
  });
}

test("odd sizes of RGB become 4:4:4, and turned 4:2:2 does", () => {
  const rgb = picture("rgb24", 15, 7, [[255, 0, 0]]);
  const reader = createPictureReader(rgb, UPRIGHT);
  assert.deepEqual([reader.format.chromaShiftX, reader.format.chromaShiftY], [0, 0]);
  const wide = picture("yuv422p", 16, 8, [[81], [90], [240]]);
  const turned = createPictureReader(wide, { swap: true, flipX: true, flipY: false });
  const { width, height, chromaShiftX, chromaShiftY } = turned.format;
  assert.deepEqual([width, height, chromaShiftX, chromaShiftY], [8, 16, 0, 0]);
  assert.deepEqual(
    turned.read(wide).planes.map(({ data, stride }) => [data[0], data.length, stride]),
    [
      [81, 128, 8],
      [90, 128, 8],
      [240, 128, 8],
    ],
  );
  for (const opened of [reader, turned]) opened.close();
});

test("a picture of another size or format is brought to the first one's", () => {
  const reader = createPictureReader(picture("yuv420p", 16, 8, [[81], [90], [240]]), UPRIGHT);
  for (const [name, planes] of [
    ["yuv420p", [[81], [90], [240]]],
    ["yuv444p", [[81], [90], [240]]],
    ["rgb24", [[255, 0, 0]]],
  ] as const) {
    const { planes: read } = reader.read(picture(name, 32, 24, planes));
    const wanted = name === "rgb24" ? [63, 102, 240] : [81, 90, 240];
    assert.deepEqual([read[0].data.length, ...read.map(({ data }) => data[40 % data.length])], [128, ...wanted]);
  }
  reader.close();
});

test("the yuvj formats are full range, and keep it", () => {
  const native = picture("yuvj420p", 16, 8, [[255], [128], [128]]);
  native.colorRange = AVCOL_RANGE_JPEG;
  const reader = createPictureReader(native, UPRIGHT);
  assert.ok(reader.format.fullRange);
  assert.equal(reader.read(native).planes[0].data[0], 255);
  reader.close();
});
