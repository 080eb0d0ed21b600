/** What came of a request: player, pictures, sound, or data; and the files to download. */
import type { RequestView } from "../../../src/playground/api.ts";
import { localUrl } from "../shared/api.ts";
import { bytes } from "../shared/format.ts";
import { Icon } from "../shared/icons.tsx";
import { ComparePlayer } from "./compare-player.tsx";

/** @param source URL of the video that the result is compared with. */
export function ResultView({
  view,
  source,
  result,
}: {
  readonly view: RequestView;
  readonly source: string | undefined;
  readonly result: unknown;
}) {
  const kindOf = ({ contentType }: RequestView["files"][number]): string => contentType.split("/")[0] ?? "";
  const video = view.files.find((file) => kindOf(file) === "video");
  const pictures = view.files.filter((file) => kindOf(file) === "image");
  const sounds = view.files.filter((file) => kindOf(file) === "audio");
  return (
    <div className="result">
      {video && <ComparePlayer key={video.url} source={source} result={localUrl(video.url)} fps={fpsOf(result)} />}
      {pictures.length > 0 && (
        <div className="result-pictures">
          {pictures.map(({ url, fileName }) => (
            <img key={url} src={localUrl(url)} alt={fileName} />
          ))}
        </div>
      )}
      {sounds.map(({ url }) => (
        // biome-ignore lint/a11y/useMediaCaption: made by the visitor's own request.
        <audio key={url} className="media-audio" src={localUrl(url)} controls preload="metadata" />
      ))}
      {view.files.length > 0 && (
        <ul className="result-files">
          {view.files.map(({ url, fileName, size }) => (
            <li key={url}>
              <a className="button small" href={localUrl(url)} download={fileName}>
                <Icon name="download" /> Download {fileName}
                {size !== null && <small>{bytes(size)}</small>}
              </a>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** Frames a second as the result says it, where it does. */
function fpsOf(result: unknown): number | undefined {
  const fps = (result as { video?: { fps?: unknown } } | undefined)?.video?.fps;
  return typeof fps === "number" && fps > 0 ? fps : undefined;
}
