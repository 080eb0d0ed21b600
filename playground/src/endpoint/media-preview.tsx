/** What is in a media field. */
import { useEffect, useRef, useState } from "react";
import type { MediaFacts } from "../../../src/playground/api.ts";
import { seconds } from "../shared/format.ts";
import { Icon } from "../shared/icons.tsx";

type PreviewProps = {
  /** Of this origin, or of a file chosen in this tab. */
  readonly url: string;
  readonly kind: "video" | "image" | "audio" | "media";
  /** Media type, where it is known. */
  readonly type: string | undefined;
  readonly onFacts: (facts: MediaFacts | undefined) => void;
};

/** Shows a video, picture or sound, and says how long and large it is. */
export function MediaPreview({ url, kind, type, onFacts }: PreviewProps) {
  const [facts, setFacts] = useState("");
  const [broken, setBroken] = useState(false);
  const shape = shapeOf(url, kind, type);
  const onBroken = (): void => setBroken(true);

  if (broken) return <p className="media-remote">This browser cannot show the file; the server may still read it.</p>;
  if (shape === "image") {
    return (
      <figure className="media-preview">
        <img
          src={url}
          alt=""
          onError={onBroken}
          onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
            setFacts(`${naturalWidth} × ${naturalHeight}`)
          }
        />
        <figcaption>{facts}</figcaption>
      </figure>
    );
  }
  if (shape === "audio") {
    return (
      // biome-ignore lint/a11y/useMediaCaption: the visitor's own file.
      <audio
        className="media-audio"
        src={url}
        controls
        preload="metadata"
        onError={onBroken}
        onLoadedMetadata={({ currentTarget: { duration } }) =>
          onFacts(Number.isFinite(duration) ? { duration, width: 0, height: 0, fps: 0 } : undefined)
        }
      />
    );
  }
  return (
    <VideoPreview
      key={url}
      url={url}
      facts={facts}
      onBroken={onBroken}
      onLoaded={({ duration, videoWidth, videoHeight }) => {
        setFacts(`${videoWidth} × ${videoHeight}, ${seconds(duration)}`);
        onFacts({ duration, width: videoWidth, height: videoHeight, fps: 0 });
      }}
    />
  );
}

/** A video that shows a moment from its midst until it is played. */
function VideoPreview({
  url,
  facts,
  onBroken,
  onLoaded,
}: {
  readonly url: string;
  readonly facts: string;
  readonly onBroken: () => void;
  readonly onLoaded: (video: HTMLVideoElement) => void;
}) {
  const video = useRef<HTMLVideoElement>(null);
  const [playing, setPlaying] = useState(false);
  const told = useRef(false);

  const begin = (element: HTMLVideoElement): void => {
    if (told.current) return;
    told.current = true;
    if (Number.isFinite(element.duration)) element.currentTime = element.duration * 0.4;
    onLoaded(element);
  };
  // A clip that loads before React has placed the element is not told of.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only once, when the element is there.
  useEffect(() => {
    if (video.current && video.current.readyState >= HTMLMediaElement.HAVE_METADATA) begin(video.current);
  }, []);

  return (
    <figure className="media-preview">
      <video
        ref={video}
        src={url}
        muted
        loop
        playsInline
        preload="metadata"
        onError={onBroken}
        onPlay={() => setPlaying(true)}
        onPause={() => setPlaying(false)}
        onLoadedMetadata={({ currentTarget }) => begin(currentTarget)}
      />
      <button
        type="button"
        className="media-play"
        aria-label={playing ? "Pause the preview" : "Play the preview"}
        onClick={() => {
          // A play that a pause cuts short rejects: nothing is lost by it.
          if (playing) video.current?.pause();
          else video.current?.play().catch(() => {});
        }}
      >
        <Icon name={playing ? "pause" : "play"} />
      </button>
      <figcaption>{facts}</figcaption>
    </figure>
  );
}

function shapeOf(url: string, kind: PreviewProps["kind"], type = ""): "video" | "image" | "audio" {
  const name = url.toLowerCase().replace(/[?#].*$/, "");
  if (/^image\//.test(type) || /\.(png|jpe?g|webp|avif|gif|bmp)$/.test(name)) return "image";
  if (/^audio\//.test(type) || /\.(wav|mp3|m4a|aac|ogg|opus|flac)$/.test(name)) return "audio";
  if (/^video\//.test(type) || /\.(mp4|mov|webm|mkv|m4v|avi)$/.test(name)) return "video";
  return kind === "media" ? "video" : kind;
}
