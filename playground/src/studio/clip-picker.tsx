/** Where a clip comes in: dropped, pasted, chosen, or our own. */
import { type ChangeEvent, type ClipboardEvent, type DragEvent, useState } from "react";
import { json } from "../shared/api.ts";
import { Icon } from "../shared/icons.tsx";

const SAMPLE = "/playground/api/samples/ball.mp4";

/** @param onFile takes a file of the visitor's. @param onUrl takes the URL of a clip on this server. */
export function ClipPicker({
  onFile,
  onUrl,
}: {
  readonly onFile: (file: File) => void;
  readonly onUrl: (url: string) => void;
}) {
  const [over, setOver] = useState(false);
  const [preparing, setPreparing] = useState(false);
  const [problem, setProblem] = useState("");

  const take = (files: FileList | null): void => {
    const file = files?.[0];
    if (!file) return;
    if (/^(image|audio|text)\//.test(file.type) && file.type !== "image/gif") {
      setProblem(`${file.name} is not a video.`);
      return;
    }
    onFile(file);
  };
  const sample = async (): Promise<void> => {
    setPreparing(true);
    setProblem("");
    try {
      onUrl((await json<{ url: string }>(SAMPLE, { method: "POST" })).url);
    } catch (error) {
      setProblem((error as Error).message);
      setPreparing(false);
    }
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping and pasting come besides the buttons inside.
    <div
      className={`clip-picker${over ? " over" : ""}`}
      onDragOver={(event: DragEvent) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event: DragEvent) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer.files);
      }}
      onPaste={(event: ClipboardEvent) => take(event.clipboardData.files)}
    >
      <Icon name="film" size={36} />
      <p>Drop a clip here, or paste it.</p>
      <div>
        <label className="button primary">
          Choose a clip
          <input
            type="file"
            className="visually-hidden"
            accept="video/*,image/gif"
            onChange={(event: ChangeEvent<HTMLInputElement>) => take(event.target.files)}
          />
        </label>
        <button type="button" className="button" disabled={preparing} onClick={() => void sample()}>
          {preparing ? "Preparing…" : "Try our sample"}
        </button>
      </div>
      <small>It goes to this server only. Seconds rather than minutes work best.</small>
      {problem && (
        <p className="field-issue" role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}
