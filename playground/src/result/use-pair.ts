/** Two videos as one: played, sought and stepped together. The result leads, the source follows. */
import { useCallback, useEffect, useRef, useState } from "react";

/** Seconds the follower may be off while both play. */
const DRIFT = 0.045;
const DEFAULT_FPS = 30;

/** @param fps of the leader, where it is known; else it is measured while it plays. */
export function usePair(fps?: number) {
  const source = useRef<HTMLVideoElement>(null);
  const result = useRef<HTMLVideoElement>(null);
  const measured = useRef<number>(undefined);
  const [playing, setPlaying] = useState(false);
  const [time, setTime] = useState(0);
  const [duration, setDuration] = useState(0);
  const rate = fps ?? measured.current ?? DEFAULT_FPS;

  const follow = useCallback((exactly: boolean): void => {
    const [leader, follower] = [result.current, source.current];
    if (!leader || !follower || !(follower.duration > 0)) return;
    const wanted = Math.min(leader.currentTime, follower.duration - 0.001);
    if (Math.abs(follower.currentTime - wanted) > (exactly ? 0.001 : DRIFT)) follower.currentTime = wanted;
  }, []);

  useEffect(() => {
    if (!playing) return;
    let frame = 0;
    let last = 0;
    const tick = (): void => {
      const leader = result.current;
      if (leader) {
        setTime(leader.currentTime);
        // A seek takes a while: one in half a second is enough.
        if (performance.now() - last > 500) {
          last = performance.now();
          follow(false);
        }
        if (leader.paused) setPlaying(false);
      }
      frame = requestAnimationFrame(tick);
    };
    frame = requestAnimationFrame(tick);
    return () => cancelAnimationFrame(frame);
  }, [playing, follow]);

  useEffect(() => {
    const leader = result.current;
    if (!playing || !leader || fps !== undefined || !("requestVideoFrameCallback" in leader)) return;
    let before = -1;
    let handle = 0;
    const look: VideoFrameRequestCallback = (_, { mediaTime }) => {
      const step = mediaTime - before;
      before = mediaTime;
      // The shortest step seen is one frame: browsers leave frames out, but never add any.
      if (step > 0.004 && step < 0.5) measured.current = Math.max(measured.current ?? 0, Math.round(100 / step) / 100);
      handle = leader.requestVideoFrameCallback(look);
    };
    handle = leader.requestVideoFrameCallback(look);
    return () => leader.cancelVideoFrameCallback(handle);
  }, [playing, fps]);

  const play = useCallback((): void => {
    follow(true);
    const both = [result.current, source.current].map((video) => video?.play());
    Promise.all(both).then(
      () => setPlaying(true),
      () => setPlaying(false),
    );
  }, [follow]);

  const pause = useCallback((): void => {
    result.current?.pause();
    source.current?.pause();
    setPlaying(false);
    follow(true);
  }, [follow]);

  const seek = useCallback(
    (to: number): void => {
      const leader = result.current;
      if (!leader) return;
      leader.currentTime = Math.max(0, Math.min(to, leader.duration || 0));
      setTime(leader.currentTime);
      follow(true);
    },
    [follow],
  );

  return {
    source,
    result,
    playing,
    time,
    duration,
    /** Number of the frame that is shown, from 0. */
    frame: Math.floor(time * rate + 0.01),
    toggle: () => (playing ? pause() : play()),
    seek,
    /** One frame on or back; stops what plays. */
    step(by: 1 | -1): void {
      pause();
      const leader = result.current;
      if (!leader) return;
      // The middle of a frame: its edges belong to two.
      seek((Math.floor(leader.currentTime * rate + 0.01) + by + 0.5) / rate);
    },
    /** The leader's length is known: begins to play, unless movement is unwelcome. */
    ready(): void {
      setDuration(result.current?.duration ?? 0);
      if (!matchMedia("(prefers-reduced-motion: reduce)").matches) play();
    },
  };
}
