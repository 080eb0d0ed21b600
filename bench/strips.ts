/**
 * `npm run bench -- strips`: the pictures of docs/engines.md, before and after removal, from scenes that are rendered here. Needs
 * `ffmpeg` (it writes the files).
 */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import type { Frame } from "../src/media/frame.ts";
import { DEMO_SCENE, renderScene, type SceneFrame, type SceneOptions } from "../src/samples/scene.ts";
import { formatOf } from "./raw-frames.ts";
import { labelsOf, removed } from "./raw-removal.ts";

/** A strip: which frames of a scene it shows, side by side. */
type Strip = {
  readonly name: string;
  readonly scene: SceneOptions;
  readonly frames: readonly number[];
};

const STRIPS: readonly Strip[] = [
  {
    name: "removal-reflection",
    scene: { ...DEMO_SCENE, frames: 24, shake: 1.5, pan: 0, reflection: 0.4 },
    frames: [7, 12, 16],
  },
  // One frame long: whatever is behind the ball was never seen.
  { name: "removal-unseen", scene: { ...DEMO_SCENE, frames: 1, pan: 0, reflection: 0 }, frames: [0] },
];
/** Where on its way the ball is when a scene has a single frame. */
const MIDWAY = 0.5;

/** Writes `<name>.jpg` for each strip: above the source, below the result. `--folder docs/images` */
export async function main(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...argv], options: { folder: { type: "string", default: "docs/images" } } });
  for (const { name, scene, frames } of STRIPS) {
    const clip = scene.frames === 1 ? [middleOf(scene)] : [...renderScene(scene)];
    const masked = clip.map(({ source, mask }) => ({ frame: source, labels: labelsOf(mask.planes[0].data) }));
    const out = await removed(masked, formatOf(scene.width, scene.height), true);
    const rows = [frames.map((i) => clip[i]!.source.planes), frames.map((i) => out[i]!.planes)];
    write(`${values.folder}/${name}.jpg`, rows, scene);
    console.log(`${values.folder}/${name}.jpg`);
  }
}

/** The one frame of a scene in which the ball is half way. */
function middleOf(scene: SceneOptions): SceneFrame {
  const frames = 21;
  return [...renderScene({ ...scene, frames })][Math.round(MIDWAY * (frames - 1))]!;
}

type Planes = Frame["planes"];

/** Pictures in rows as one JPEG at half size. */
function write(path: string, rows: readonly (readonly Planes[])[], { width, height }: SceneOptions): void {
  const columns = rows[0]!.length;
  const planes = [0, 1, 2].map((plane) => {
    const [w, h] = plane === 0 ? [width, height] : [width / 2, height / 2];
    const sheet = new Uint8Array(w * columns * h * rows.length);
    for (const [r, row] of rows.entries()) {
      for (const [c, picture] of row.entries()) {
        const { data, stride } = picture[plane]!;
        for (let y = 0; y < h; y++)
          sheet.set(data.subarray(y * stride, y * stride + w), (r * h + y) * w * columns + c * w);
      }
    }
    return sheet;
  });
  const size = `${width * columns}x${height * rows.length}`;
  const input = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", size, "-i", "-"];
  const output = ["-vf", "scale=iw/2:-2:flags=lanczos", "-q:v", "5", "-frames:v", "1", path];
  const { status, stderr } = spawnSync("ffmpeg", ["-v", "error", "-y", ...input, ...output], {
    input: Buffer.concat(planes),
  });
  if (status !== 0) throw new Error(`ffmpeg failed: ${stderr}`);
}
