/** What is in a media field. */
import { useState } from "react";
import type { MediaFacts } from "../../../src/playground/api.ts";
import { seconds } from "../shared/format.ts";

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
    <figure className="media-preview">
      <video
        src={url}
        muted
        loop
        playsInline
        controls
        preload="metadata"
        onError={onBroken}
        onLoadedMetadata={({ currentTarget: { duration, videoWidth, videoHeight } }) => {
          setFacts(`${videoWidth} × ${videoHeight}, ${seconds(duration)}`);
          onFacts({ duration, width: videoWidth, height: videoHeight, fps: 0 });
        }}
      />
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
