/** Pictures with at most 256 colours, as GIF has them: each gets the palette that suits it best. */
import { AV_PIX_FMT_BGR0, AV_PIX_FMT_BGRA, AVCOL_RANGE_JPEG, AVCOL_SPC_RGB } from "node-av/constants";
import { Filter, FilterGraph, Frame as NativeFrame } from "node-av/lib";
import { allocatePicture, check, createScaler } from "./ffmpeg.ts";

/**
 * Browsers slow frames that are shown for less than this many hundredths of a second down to a tenth of a second, so such
 * frames are never made.
 */
export const SHORTEST_GIF_STEP = 2n;

/** Turns YUV pictures into pictures with a palette. */
export type GifPalette = {
  /**
   * Takes a picture and its time in hundredths of a second, frees it, and hands out those that are ready, in order.
   * @param picture null at the end.
   */
  take(picture: NativeFrame | null): Generator<NativeFrame>;
  close(): void;
};

/**
 * A palette for each picture rather than one for the clip: nothing need be held back, and gradients band less. Ordered
 * dithering, because the pattern of error diffusion crawls where the picture stands still.
 */
export function createGifPalette(width: number, height: number): GifPalette {
  const graph = new FilterGraph();
  graph.alloc();
  const add = (name: string, options: string | null = null) => {
    const filter = graph.createFilter(Filter.getByName(name)!, name, options);
    if (!filter) throw new Error(`the filter ${name} refuses ${options}`);
    return filter;
  };
  const source = add("buffer", `video_size=${width}x${height}:pix_fmt=bgra:time_base=1/100:pixel_aspect=1/1`);
  const split = add("split");
  const generate = add("palettegen", "stats_mode=single");
  const apply = add("paletteuse", "dither=bayer:bayer_scale=4:new=1");
  const sink = add("buffersink");
  check(source.link(0, split, 0), "linking filters");
  check(split.link(0, apply, 0), "linking filters");
  check(split.link(1, generate, 0), "linking filters");
  check(generate.link(0, apply, 1), "linking filters");
  check(apply.link(0, sink, 0), "linking filters");
  check(graph.configSync(), "setting up filters");
  const scaler = createScaler();
  const ready = new NativeFrame();
  ready.alloc();

  return {
    *take(picture) {
      if (picture) {
        const rgb = allocatePicture(width, height, AV_PIX_FMT_BGR0);
        rgb.colorSpace = AVCOL_SPC_RGB;
        rgb.colorRange = AVCOL_RANGE_JPEG;
        check(scaler.scaleFrameSync(rgb, picture), "converting a picture");
        rgb.pts = picture.pts;
        picture.free();
        rgb.format = AV_PIX_FMT_BGRA;
        const bytes = rgb.data![0]!;
        for (let i = 3; i < bytes.length; i += 4) bytes[i] = 255;
        check(source.buffersrcAddFrameSync(rgb), "choosing colours");
        rgb.free();
      } else check(source.buffersrcAddFrameSync(null), "choosing colours");
      while (sink.buffersinkGetFrameSync(ready) >= 0) {
        yield ready;
        ready.unref();
      }
    },
    close() {
      ready.free();
      graph.free();
      scaler.freeContext();
    },
  };
}
