/** Sound through a chain of filters, whatever its format changes to on the way. */
import {
  avChannelLayoutDefault,
  avGetSampleFmtName,
  Filter,
  type FilterContext,
  FilterGraph,
  Frame,
} from "node-av/lib";
import { check, type Ratio } from "../ffmpeg.ts";
import { type FilterName, type FilterStep, filterOptions } from "./filter.ts";

/** A chain of filters; every frame that comes out is handed on at once and valid only until the handler resolves. */
export type AudioChain = {
  /** Takes a frame whose time is in the chain's time base; null is the end. */
  feed(frame: Frame | null, take: (ready: Frame) => Promise<void>): Promise<void>;
  close(): void;
};

type Graph = {
  readonly source: FilterStep<"abuffer">;
  readonly native: FilterGraph;
  readonly first: FilterContext;
  readonly last: FilterContext;
};

/**
 * @param timeBase of the frames that come in; those that go out count samples of their own rate unless no step resamples.
 * @throws TypeError when a step is not allowed; Error when FFmpeg refuses it.
 */
export function createAudioChain(timeBase: Ratio, steps: readonly FilterStep[]): AudioChain {
  const ready = new Frame();
  ready.alloc();
  let graph: Graph | undefined;

  const drain = async (take: (ready: Frame) => Promise<void>): Promise<void> => {
    while (graph && graph.last.buffersinkGetFrameSync(ready) >= 0) {
      await take(ready);
      ready.unref();
    }
  };
  const end = async (take: (ready: Frame) => Promise<void>): Promise<void> => {
    if (!graph) return;
    check(graph.first.buffersrcAddFrameSync(null), "filtering sound");
    await drain(take);
    graph.native.free();
    graph = undefined;
  };

  return {
    async feed(frame, take) {
      if (!frame) return end(take);
      // A source of frames is told once what they are: another format needs another graph.
      if (frame.channelLayout.mask === 0n) frame.channelLayout = avChannelLayoutDefault(frame.channels);
      const source = sourceFor(frame, timeBase);
      if (graph && filterOptions(graph.source) !== filterOptions(source)) await end(take);
      graph ??= await createGraph(source, steps);
      check(graph.first.buffersrcAddFrameSync(frame), "filtering sound");
      await drain(take);
    },
    close() {
      graph?.native.free();
      graph = undefined;
      ready.free();
    },
  };
}

/** A layout by its speakers, or by their number where nobody knows which they are. */
export function layoutName({ mask, nbChannels }: { readonly mask: bigint; readonly nbChannels: number }): string {
  return mask === 0n ? `${nbChannels}c` : `0x${mask.toString(16)}`;
}

function sourceFor(frame: Frame, [num, den]: Ratio): FilterStep<"abuffer"> {
  const format = avGetSampleFmtName(frame.format as Parameters<typeof avGetSampleFmtName>[0]) ?? "";
  return [
    "abuffer",
    {
      time_base: `${num}/${den}`,
      sample_rate: frame.sampleRate,
      sample_fmt: format,
      channel_layout: layoutName(frame.channelLayout),
    },
  ];
}

async function createGraph(source: FilterStep<"abuffer">, steps: readonly FilterStep[]): Promise<Graph> {
  const native = new FilterGraph();
  native.alloc();
  const all: readonly FilterStep[] = [source, ...steps, ["abuffersink", {}]];
  const filters = all.map((step, index) => {
    const options = filterOptions(step);
    const name: FilterName = step[0];
    const created = native.createFilter(Filter.getByName(name)!, `f${index}`, options || null);
    if (!created) throw new Error(`the filter ${name} refuses ${options}`);
    return created;
  });
  for (const [index, filter] of filters.slice(0, -1).entries()) {
    check(filter.link(0, filters[index + 1]!, 0), "linking filters");
  }
  check(await native.config(), "setting up filters");
  return { source, native, first: filters[0]!, last: filters.at(-1)! };
}
