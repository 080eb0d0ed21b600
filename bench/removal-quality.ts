/**
 * `npm run bench -- removal-quality`: what the second pass over time does, and what masks cost that are drawn too wide or too
 * tight. Removal is called on raw frames of scenes rendered here and, where they lie beside the checkout, of real clips with
 * exact ground truth: neither source nor result is encoded, whose own wavering would hide most of it. Needs `ffmpeg` for the
 * real clips only.
 */
import { parseArgs } from "node:util";
import type { Frame } from "../src/media/frame.ts";
import { DEMO_SCENE, renderScene, type SceneOptions } from "../src/samples/scene.ts";
import { KEEP } from "../src/vision/mask.ts";
import { decode } from "../test/ffmpeg.ts";
import { widened } from "./mask-shape.ts";
import { formatOf, frameBytes, pack, unpack } from "./raw-frames.ts";
import { labelsOf, removed } from "./raw-removal.ts";
import { type ClipFiles, chosen, realClips, SCENES } from "./removal-clips.ts";
import { type Distance, distance, measure, motionsOf, type Quality, type Reference } from "./removal-measure.ts";

const [WIDTH, HEIGHT] = [640, 360];
const LUMA = WIDTH * HEIGHT;
const NOISY: SceneOptions = { ...DEMO_SCENE, frames: 40, shake: 2.5, pan: 60, noise: 6 };
/** Pixels by which masks are widened, or tightened where negative. */
const SHAPES = { "dilated by 6": 6, "eroded by 2": -2 };

type Clip = {
  readonly source: readonly Frame[];
  readonly labels: readonly Uint8Array[];
  /** Packed, as is `clean`: the truth without the camera's noise, where that is known. */
  readonly truth: Uint8Array;
  readonly clean?: Uint8Array;
};

/** See the top of the file. `--only tripod,noisy,or_gt_pan --frames 24` (the first ones of each clip). */
export async function main(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: { only: { type: "string", default: "" }, frames: { type: "string", default: "1000" } },
  });
  const only = values.only.split(",").filter(Boolean);
  const most = Number(values.frames);
  const shapes: string[] = [];
  console.log("Without pass 2, with it:\n");
  const wavering = ["flicker", "drift", "flicker against the truth without noise", "drift against it"];
  header(["clip", "PSNR, dB", "SSIM", ...wavering, "worst frame, dB"]);
  for await (const [name, clip] of clips(only, most)) {
    const label = `${name} (${clip.source.length})`;
    const refined = await fill(clip, clip.labels, true);
    console.log(row([label, ...passes(clip, await fill(clip, clip.labels, false), refined)]));
    shapes.push(row([label, ...(await otherMasks(clip, refined))]));
  }
  console.log("\nPSNR in dB (worst frame) with pass 2, by the mask handed in:\n");
  header(["clip", "as meant", ...Object.keys(SHAPES).flatMap((shape) => [`${shape}, in the one meant`, "in its own"])]);
  for (const line of shapes) console.log(line);
}

async function* clips(only: readonly string[], most: number): AsyncGenerator<[string, Clip]> {
  for (const [name, scene] of chosen({ ...SCENES, noisy: NOISY }, only)) yield [name, render(scene, most)];
  for (const [name, files] of chosen(realClips(), only)) yield [name, await read(files, most)];
}

function render(scene: SceneOptions, most: number): Clip {
  const frames = [...renderScene(scene)].slice(0, most);
  return {
    source: frames.map(({ source }) => source),
    labels: frames.map(({ mask }) => labelsOf(mask.planes[0].data)),
    truth: pack(frames.map(({ truth }) => truth)),
    clean: pack([...renderScene({ ...scene, noise: 0 })].slice(0, most).map(({ truth }) => truth)),
  };
}

async function read(files: ClipFiles, most: number): Promise<Clip> {
  const part = async (path: string, format: string, bytes: number): Promise<Uint8Array> =>
    (await decode(path, format)).subarray(0, most * bytes);
  const levels = await part(files.mask, "gray", LUMA);
  return {
    source: unpack(await part(files.source, "yuv420p", frameBytes(WIDTH, HEIGHT)), WIDTH, HEIGHT),
    labels: Array.from({ length: levels.length / LUMA }, (_, i) => labelsOf(levels.subarray(i * LUMA, (i + 1) * LUMA))),
    truth: await part(files.truth, "yuv420p", frameBytes(WIDTH, HEIGHT)),
  };
}

/** A removal's result, packed. */
async function fill({ source }: Clip, labels: readonly Uint8Array[], refine: boolean): Promise<Uint8Array> {
  const masked = source.map((frame, i) => ({ frame, labels: labels[i]! }));
  return pack(await removed(masked, formatOf(WIDTH, HEIGHT), refine));
}

/** What is measured against: the truth in all that a mask says must go. */
function reference(truth: Uint8Array, labels: readonly Uint8Array[]): Reference {
  const mask = Buffer.concat(labels).map((label) => (label === KEEP ? 0 : 255));
  return { width: WIDTH, height: HEIGHT, truth, mask };
}

/** The cells of the first table. */
function passes({ truth, clean, labels }: Clip, ...results: readonly Uint8Array[]): string[] {
  const exact = reference(truth, labels);
  const noiseless = clean && reference(clean, labels);
  const motions = motionsOf(noiseless ?? exact);
  const found = results.map((result) => measure(exact, result, motions));
  const steady = noiseless && results.map((result) => measure(noiseless, result, motions));
  const both = (figure: (quality: Quality) => string): string => found.map(figure).join(", ");
  const change = (of: readonly Quality[], key: "flicker" | "drift"): string => {
    const [without, refined] = of.map((quality) => quality[key]) as [number, number];
    return `${without.toFixed(3)}, ${refined.toFixed(3)} (${(100 * (refined / without - 1)).toFixed(0)} %)`;
  };
  return [
    both(({ psnr }) => psnr.toFixed(2)),
    both(({ ssim }) => ssim.toFixed(4)),
    change(found, "flicker"),
    change(found, "drift"),
    steady ? change(steady, "flicker") : "",
    steady ? change(steady, "drift") : "",
    both(({ worst }) => `${worst.psnr.toFixed(2)} (${worst.frame})`),
  ];
}

/** The cells of the second table. */
async function otherMasks(clip: Clip, refined: Uint8Array): Promise<string[]> {
  const meant = reference(clip.truth, clip.labels);
  const cells = [cell(distance(meant, refined))];
  for (const radius of Object.values(SHAPES)) {
    const labels = clip.labels.map((one) => widened(one, WIDTH, HEIGHT, radius));
    const result = await fill(clip, labels, true);
    cells.push(cell(distance(meant, result)), cell(distance(reference(clip.truth, labels), result)));
  }
  return cells;
}

function cell({ psnr, worst }: Distance): string {
  return `${psnr.toFixed(2)} (${worst.psnr.toFixed(2)} in frame ${worst.frame})`;
}

function header(cells: readonly string[]): void {
  console.log(row(cells));
  console.log(`|${"---|".repeat(cells.length)}`);
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
