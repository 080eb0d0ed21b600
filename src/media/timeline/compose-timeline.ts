/** Several tracks as one video. */
import { join } from "node:path";
import type { Loc } from "../../errors.ts";
import type { Operations } from "../../operations/operations.ts";
import type { TimelinePiece } from "../../operations/timeline.ts";
import { saveJpeg } from "../image.ts";
import { checkPixels, type MediaKind, type TimelineLimits } from "../limits.ts";
import { type PlacedSound, soundFacts } from "../sound/mix.ts";
import type { TaskContext } from "../worker-host.ts";
import { boundedRate, type Canvas, chooseCanvas } from "./canvas.ts";
import { displaySize, type PictureFacts, pictureFacts } from "./pictures.ts";
import { checkLength, frameAt, type PlacedPicture, renderTimeline } from "./render.ts";
import { soundPlan } from "./sound-plan.ts";

type Params = Parameters<Operations["composeTimeline"]>[0];
type Result = Awaited<ReturnType<Operations["composeTimeline"]>>;

/** Of a timeline on which nothing moves. */
const STILL_RATE: Canvas["rate"] = [30, 1];

/** See {@link Operations.composeTimeline}. */
export async function composeTimeline(
  { pieces, delivery }: Params,
  limits: TimelineLimits,
  context: TaskContext,
): Promise<Result> {
  for (const piece of pieces) checkLength(piece.start + piece.duration, limits, fieldOf(piece, "duration"));
  const seen = pieces.filter(({ use }) => use !== "sound");
  // The piece that comes first on the lowest layer is the one that the others are laid over.
  const [base] = seen.toSorted((a, b) => a.layer - b.layer || a.start - b.start);
  if (!base) throw new RangeError("a timeline needs a piece that is to be seen");
  const facts = new Map<TimelinePiece, PictureFacts>();
  const known = new Map<string, PictureFacts>();
  for (const piece of seen) {
    const found = known.get(piece.media.path) ?? (await pictureFacts(piece.media, kindOf(piece), limits));
    known.set(piece.media.path, found);
    facts.set(piece, found);
  }

  const canvas = chooseCanvas([...facts.values()], displaySize(facts.get(base)!), highestRate([...facts.values()]));
  checkPixels(base.media, canvas.format.width, canvas.format.height, limits);
  const pictures = seen
    .toSorted((a, b) => a.layer - b.layer)
    .map((piece): PlacedPicture => {
      const [from, to] = [piece.start, piece.start + piece.duration].map((time) => frameAt(time, canvas.rate));
      return { media: piece.media, kind: kindOf(piece), start: piece.start, from: from!, to: to! };
    })
    .filter(({ from, to }) => from < to);
  const seconds = Math.max(...pieces.map(({ start, duration }) => start + duration));
  const frameCount = Math.max(1, frameAt(seconds, canvas.rate));
  const sounds: PlacedSound[] = [];
  for (const piece of pieces) {
    const isHeard = piece.use === "sound" || (piece.use === "video" && facts.get(piece)!.info.audio);
    if (!isHeard) continue;
    const end = piece.start + piece.duration;
    sounds.push({ media: piece.media, facts: await soundFacts(piece.media, limits), start: piece.start, end });
  }
  const { width, height } = canvas.format;
  context.log("INFO", `Composing ${frameCount} frames of ${width}x${height} from ${pieces.length} pieces`);

  const path = join(context.outFolder, "composed.mp4");
  const thumbnail = join(context.outFolder, "thumbnail.jpg");
  const timeline = { canvas, pictures, frameCount, sound: await soundPlan(sounds, seconds, limits), delivery };
  const produced = await renderTimeline(path, timeline, limits, context, (picture) =>
    saveJpeg(thumbnail, picture, canvas.format, canvas.color),
  );
  return {
    ...produced,
    video: { path, loc: [], contentType: "video/mp4", fileName: "composed.mp4" },
    thumbnail: { path: thumbnail, loc: [], contentType: "image/jpeg", fileName: "thumbnail.jpg" },
  };
}

function highestRate(facts: readonly PictureFacts[]): Canvas["rate"] {
  const rates = facts.flatMap(({ rate }) => (rate ? [rate] : []));
  if (rates.length === 0) return STILL_RATE;
  return boundedRate(rates.reduce((best, rate) => (rate[0] / rate[1] > best[0] / best[1] ? rate : best)));
}

function kindOf({ use }: TimelinePiece): MediaKind {
  return use === "sound" ? "audio" : use;
}

/** The field beside the piece's URL. */
function fieldOf({ media }: TimelinePiece, name: string): Loc {
  return [...media.loc.slice(0, -1), name];
}
