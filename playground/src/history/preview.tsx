/** What a request is known by at a glance: a frame of its result, made by the browser. */
import { useEffect, useRef, useState } from "react";
import type { RequestItem } from "../../../src/playground/api.ts";
import { localUrl } from "../shared/api.ts";
import { Icon } from "../shared/icons.tsx";

/** Seconds into a clip; shorter clips are shown from their middle. */
const SHOWN_AT = 1;

/**
 * An ornament: the row's words say what it is. A video is loaded once it comes into view.
 * @param playing whether a video plays, unless movement is unwelcome.
 */
export function Preview({ item, playing }: { readonly item: Pick<RequestItem, "preview">; readonly playing: boolean }) {
  const { preview } = item;
  const [broken, setBroken] = useState(false);
  const [seen, setSeen] = useState(false);
  const usable = preview && !broken;
  return (
    <span className={usable && seen ? "preview seen" : "preview"} aria-hidden="true">
      <Icon name="film" size={22} />
      {usable && preview.kind === "video" && (
        <Clip
          url={localUrl(preview.url)}
          playing={playing}
          onSeen={() => setSeen(true)}
          onBroken={() => setBroken(true)}
        />
      )}
      {usable && preview.kind === "image" && (
        <img
          src={localUrl(preview.url)}
          alt=""
          loading="lazy"
          onLoad={() => setSeen(true)}
          onError={() => setBroken(true)}
        />
      )}
      {usable && preview.of === "input" && <small>input</small>}
    </span>
  );
}

function Clip({
  url,
  playing,
  onSeen,
  onBroken,
}: {
  readonly url: string;
  readonly playing: boolean;
  /** The frame is there. */
  readonly onSeen: () => void;
  readonly onBroken: () => void;
}) {
  const video = useRef<HTMLVideoElement>(null);
  const [near, setNear] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
        setNear(true);
        observer.disconnect();
      },
      { rootMargin: "200px" },
    );
    if (video.current) observer.observe(video.current);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    if (!playing || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const clip = video.current;
    clip?.play().catch(() => {
      // It stays a picture.
    });
    return () => clip?.pause();
  }, [playing]);
  return (
    <video
      ref={video}
      src={near ? url : undefined}
      muted
      loop
      playsInline
      preload="metadata"
      tabIndex={-1}
      onError={onBroken}
      onSeeked={onSeen}
      onLoadedMetadata={({ currentTarget }) => {
        currentTarget.currentTime = Math.min(SHOWN_AT, currentTarget.duration / 2 || 0);
      }}
    />
  );
}
