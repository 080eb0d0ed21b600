/** The clip on the stage: which frame is shown, stepping, playing. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { Size } from "./mask.ts";

/** Rates that clips have; what is measured is taken for the nearest one. */
const RATES = [10, 12, 12.5, 15, 18, 20, 23.976, 24, 25, 29.97, 30, 47.952, 48, 50, 59.94, 60, 100, 119.88, 120];
const SAME_RATE = 0.015;
const DEFAULT_RATE = 30;
/** Seconds within which a second frame is looked for. */
const FARTHEST = 0.21;

/** What is known of the clip. */
export type ClipFacts = { readonly size: Size; readonly duration: number; readonly rate: number };

/** @param times of the frames in seconds, once they are known exactly. */
export function useClip(times: readonly number[] | undefined) {
  const video = useRef<HTMLVideoElement>(null);
  const [facts, setFacts] = useState<ClipFacts>();
  const [time, setTime] = useState(0);
  const [playing, setPlaying] = useState(false);
  const [broken, setBroken] = useState(false);
  const wanted = useRef<number>(undefined);
  const begun = useRef(false);

  // The browser says the exact time of every frame that it shows.
  useEffect(() => {
    const element = video.current;
    if (!element || !facts || !("requestVideoFrameCallback" in element)) return;
    let handle = 0;
    const look: VideoFrameRequestCallback = (_, { mediaTime }) => {
      setTime(mediaTime);
      handle = element.requestVideoFrameCallback(look);
    };
    handle = element.requestVideoFrameCallback(look);
    return () => element.cancelVideoFrameCallback(handle);
  }, [facts]);

  const count = times?.length ?? (facts ? Math.max(1, Math.round(facts.duration * facts.rate)) : 1);
  const index = times ? nearest(times, time) : Math.round(time * (facts?.rate ?? DEFAULT_RATE));

  /** Shows a frame, by its index. */
  const show = useCallback(
    (next: number): void => {
      const element = video.current;
      if (!element || !facts) return;
      const frame = Math.max(0, Math.min(count - 1, next));
      const start = times?.[frame] ?? frame / facts.rate;
      const end = times?.[frame + 1] ?? start + 1 / facts.rate;
      // The middle of the frame: its edges belong to two.
      const to = Math.min((start + end) / 2, Math.max(start, facts.duration - 0.001));
      element.pause();
      // One seek at a time: a scrubbing hand asks for more of them than a decoder can do.
      if (element.seeking) wanted.current = to;
      else element.currentTime = to;
      setTime(start);
    },
    [facts, times, count],
  );

  const toggle = useCallback((): void => {
    const element = video.current;
    if (!element) return;
    // A play that a pause cuts short rejects: nothing is lost by it.
    if (element.paused) element.play().catch(() => {});
    else element.pause();
  }, []);

  const begin = async (): Promise<void> => {
    const element = video.current;
    if (!element || begun.current) return;
    begun.current = true;
    if (element.videoWidth === 0) return setBroken(true);
    const rate = await measureRate(element);
    const { videoWidth: width, videoHeight: height, duration } = element;
    setFacts({ size: { width, height }, duration: Number.isFinite(duration) ? duration : 0, rate });
  };

  // A clip that loads before React has placed the element is not told of.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only once, when the element is there.
  useEffect(() => {
    if ((video.current?.readyState ?? 0) >= HTMLMediaElement.HAVE_CURRENT_DATA) void begin();
  }, []);

  return {
    facts,
    broken,
    playing,
    /** The time of the frame that is shown, in seconds. */
    time: times ? (times[index] ?? time) : time,
    /** Its index; before the times are known, by the clip's rate. */
    index: Math.max(0, Math.min(count - 1, index)),
    count,
    show,
    toggle,
    /** For the video element. */
    props: {
      ref: video,
      muted: true,
      loop: true,
      playsInline: true,
      preload: "auto",
      onPlay: () => setPlaying(true),
      onPause: () => setPlaying(false),
      onError: () => setBroken(true),
      onSeeked: () => {
        const to = wanted.current;
        wanted.current = undefined;
        if (to !== undefined && video.current) video.current.currentTime = to;
      },
      onLoadedData: () => void begin(),
    } as const,
  };
}

function nearest(times: readonly number[], time: number): number {
  let best = 0;
  for (const [i, one] of times.entries()) if (Math.abs(one - time) < Math.abs(times[best]! - time)) best = i;
  return best;
}

/** Frames a second, from the times of the first two frames. Leaves the clip at its first frame. */
async function measureRate(element: HTMLVideoElement): Promise<number> {
  if (!("requestVideoFrameCallback" in element)) return DEFAULT_RATE;
  const first = await timeAt(element, 0.0001);
  let [same, other] = [0, Math.min(FARTHEST, element.duration)];
  let second = await timeAt(element, other);
  // Halves the distance until no frame fits in between.
  for (let round = 0; round < 7 && second !== undefined && first !== undefined && second > first; round++) {
    const middle = (same + other) / 2;
    const found = await timeAt(element, middle);
    if (found !== undefined && found > first) [other, second] = [middle, found];
    else same = middle;
  }
  await timeAt(element, 0);
  const step = (second ?? 0) - (first ?? 0);
  if (!(step > 0.004)) return DEFAULT_RATE;
  return RATES.find((rate) => Math.abs(rate * step - 1) < SAME_RATE) ?? 1 / step;
}

/** The time of the frame that is shown at a time; undefined where the browser does not say. */
function timeAt(element: HTMLVideoElement, seconds: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => done(undefined), 400);
    const handle = element.requestVideoFrameCallback((_, { mediaTime }) => done(mediaTime));
    function done(time: number | undefined): void {
      clearTimeout(timer);
      element.cancelVideoFrameCallback(handle);
      resolve(time);
    }
    element.currentTime = seconds;
  });
}
