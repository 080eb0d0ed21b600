/** A media field: dropped, pasted, chosen, sampled, or given as a URL; shown at once while it uploads. */
import {
  type ChangeEvent,
  type ClipboardEvent,
  type DragEvent,
  lazy,
  Suspense,
  useEffect,
  useRef,
  useState,
} from "react";
import type { SampleView } from "../../../src/playground/api.ts";
import { isShowable, json, localUrl } from "../shared/api.ts";
import { bytes } from "../shared/format.ts";
import { Icon, type IconName } from "../shared/icons.tsx";
import { mediaIn, mediaKind, pathKey } from "../shared/schema.ts";
import { type Upload, upload } from "../shared/upload.ts";
import type { ControlProps } from "./field.tsx";
import { type Form, useForm } from "./form-context.ts";
import { MediaPreview } from "./media-preview.tsx";

const StudioDialog = lazy(() => import("../studio/studio-dialog.tsx"));

type Kind = "video" | "image" | "audio" | "media";

const ACCEPT: Readonly<Record<Kind, string>> = {
  video: "video/*,image/gif",
  image: "image/*",
  audio: "audio/*,video/*",
  media: "video/*,audio/*,image/*",
};
const WORDS: Readonly<Record<Kind, string>> = {
  video: "a video",
  image: "a picture",
  audio: "sound",
  media: "a file",
};
const ICONS: Readonly<Record<Kind, IconName>> = { video: "film", image: "image", audio: "sound", media: "film" };

/** What was chosen in this tab, kept beside the URL it got. */
type Chosen = { readonly file: File; readonly objectUrl: string; readonly url?: string };

/** The control of a field that takes a URL of media. */
export function MediaField({ id, schema, path, value, describedBy, onChange }: ControlProps) {
  const form = useForm();
  const kind = mediaKind(schema) ?? "media";
  const url = typeof value === "string" ? value : "";
  const [chosen, setChosen] = useState<Chosen>();
  const [progress, setProgress] = useState<number>();
  const [problem, setProblem] = useState("");
  const [over, setOver] = useState(false);
  const [preparing, setPreparing] = useState(false);
  const [painting, setPainting] = useState(false);
  const running = useRef<Upload>(undefined);
  const key = pathKey(path);

  const setUpload = (fraction: number | undefined): void => {
    setProgress(fraction);
    form.setUpload(path, fraction);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: only when the field goes away.
  useEffect(
    () => () => {
      running.current?.abort();
      form.setUpload(path, undefined);
    },
    [],
  );
  const objectUrl = chosen?.objectUrl;
  useEffect(() => () => (objectUrl === undefined ? undefined : URL.revokeObjectURL(objectUrl)), [objectUrl]);

  const take = async (file: File): Promise<void> => {
    running.current?.abort();
    setProblem("");
    const objectUrl = URL.createObjectURL(file);
    setChosen({ file, objectUrl });
    setUpload(0);
    const sending = upload(file, setUpload);
    running.current = sending;
    try {
      const stored = await sending.done;
      if (running.current !== sending) return;
      setChosen({ file, objectUrl, url: stored });
      onChange(stored);
      setUpload(undefined);
    } catch (error) {
      if (running.current !== sending) return;
      setUpload(undefined);
      setChosen(undefined);
      if ((error as Error).name !== "AbortError") setProblem((error as Error).message);
    }
  };

  const clear = (): void => {
    running.current?.abort();
    running.current = undefined;
    setUpload(undefined);
    setChosen(undefined);
    setProblem("");
    form.setFacts(path, undefined);
    onChange(undefined);
  };

  /** Takes the file that the server makes or fetches. */
  const prepare = async (path: string, body?: unknown): Promise<void> => {
    setPreparing(true);
    setProblem("");
    try {
      onChange((await json<{ url: string }>(path, { method: "POST", body })).url);
    } catch (error) {
      setProblem((error as Error).message);
    } finally {
      setPreparing(false);
    }
  };
  const takeSample = (name: string): Promise<void> => prepare(`/playground/api/samples/${name}`);
  const bring = (): Promise<void> => prepare("/playground/api/remote", { url });

  const onDrop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    const file = event.dataTransfer.files[0];
    const text = event.dataTransfer.getData("text/uri-list") || event.dataTransfer.getData("text/plain");
    if (file) void take(file);
    else if (/^https?:\/\//.test(text)) onChange(text.split("\n")[0]);
  };
  const onPaste = (event: ClipboardEvent): void => {
    const file = event.clipboardData.files[0];
    if (!file) return;
    event.preventDefault();
    void take(file);
  };
  const onFile = (event: ChangeEvent<HTMLInputElement>): void => {
    const file = event.target.files?.[0];
    if (file) void take(file);
    event.target.value = "";
  };

  const uploading = progress !== undefined;
  const own = chosen && (uploading || chosen.url === url) ? chosen : undefined;
  const shown = own?.objectUrl ?? (url !== "" && isShowable(url) ? localUrl(url) : undefined);
  const filled = own !== undefined || url !== "";
  const levels = form.endpoint.masks[String(path[0])];
  const source = levels && sourceOf(form);
  const samples = samplesFor(form.endpoint.samples, kind, levels);

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping and pasting come besides the buttons inside.
    <div
      className={`media${over ? " over" : ""}${filled ? " filled" : ""}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={onDrop}
      onPaste={onPaste}
    >
      {filled ? (
        <>
          {shown ? (
            <MediaPreview
              url={shown}
              kind={kind}
              type={own?.file.type}
              onFacts={(facts) => form.setFacts(path, facts)}
            />
          ) : (
            <div className="media-remote">
              <Icon name="link" />
              <p>
                The server fetches this file when it runs. This page shows nothing from elsewhere: to see it, or to
                paint on it, let the server fetch it now.
              </p>
              <button
                type="button"
                className="button small"
                disabled={preparing || !/^https?:\/\/./.test(url)}
                onClick={() => void bring()}
              >
                {preparing ? "Fetching…" : "Fetch it"}
              </button>
            </div>
          )}
          <div className="media-line">
            <span className="media-name" title={url}>
              {own?.file.name ?? nameOf(url)}
              {own && <small>{bytes(own.file.size)}</small>}
            </span>
            <label className="button quiet small">
              Replace
              <input type="file" className="visually-hidden" accept={ACCEPT[kind]} onChange={onFile} />
            </label>
            <button
              type="button"
              className="button quiet icon small"
              aria-label={uploading ? "Stop the upload" : "Remove this file"}
              onClick={clear}
            >
              <Icon name="close" />
            </button>
          </div>
          {uploading && <Bar value={progress} words="Uploading" />}
        </>
      ) : (
        <>
          <div className="media-empty">
            <Icon name={ICONS[kind]} size={22} />
            <span>
              Drop {WORDS[kind]} here, paste it, or{" "}
              <label className="media-choose">
                choose a file
                <input
                  type="file"
                  className="visually-hidden"
                  accept={ACCEPT[kind]}
                  aria-describedby={describedBy}
                  data-file={key}
                  onChange={onFile}
                />
              </label>
            </span>
          </div>
          <div className="media-line">
            <UrlInput name={`URL of ${WORDS[kind]}`} onUrl={onChange} />
            {samples.map(({ name, title }) => (
              <button
                key={name}
                type="button"
                className="button quiet small"
                title={title}
                disabled={preparing}
                onClick={() => void takeSample(name)}
              >
                {preparing ? "Preparing…" : samples.length > 1 ? title : "Use a sample"}
              </button>
            ))}
          </div>
        </>
      )}
      {levels && !uploading && (
        <div className="media-studio">
          <button
            type="button"
            className="button small"
            disabled={source === undefined}
            aria-describedby={source === undefined ? `${id}-studio` : undefined}
            onClick={() => setPainting(true)}
          >
            <Icon name="brush" /> Paint a mask
          </button>
          {source === undefined && <span id={`${id}-studio`}>once the video above is there</span>}
        </div>
      )}
      {levels && painting && source !== undefined && (
        <Suspense fallback={null}>
          <StudioDialog
            source={source}
            levels={levels}
            picture={kind === "image"}
            runnable={form.runnable}
            onClose={() => setPainting(false)}
            onUse={(mask, thenRun) => {
              setPainting(false);
              setChosen(undefined);
              if (thenRun) form.runWith(path, mask);
              else onChange(mask);
            }}
          />
        </Suspense>
      )}
      {problem && (
        <p className="field-issue" role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}

/** The clip that a mask of this form is for; undefined while there is none that the page may show. */
function sourceOf({ endpoint, values }: Form): string | undefined {
  const clips = mediaIn(endpoint.input, values).filter(
    ({ path, kind, url }) => kind === "video" && !(String(path[0]) in endpoint.masks) && isShowable(url),
  );
  return clips[0]?.url;
}

/** A URL that is typed or pasted: it counts once it is pasted, or left, or Enter is pressed. */
function UrlInput({ name, onUrl }: { readonly name: string; readonly onUrl: (url: string) => void }) {
  const [draft, setDraft] = useState("");
  const commit = (): void => {
    if (draft.trim() !== "") onUrl(draft.trim());
  };
  return (
    <input
      className="input"
      type="url"
      placeholder="or a URL"
      aria-label={name}
      value={draft}
      onChange={({ target, nativeEvent }) => {
        const pasted = (nativeEvent as InputEvent).inputType === "insertFromPaste";
        if (pasted && /^(https?:\/\/|data:)/.test(target.value.trim())) onUrl(target.value.trim());
        else setDraft(target.value);
      }}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key !== "Enter") return;
        event.preventDefault();
        commit();
      }}
    />
  );
}

/** A progress bar that says what it is about. */
function Bar({ value, words }: { readonly value: number; readonly words: string }) {
  return (
    <div className="media-progress">
      <progress value={value} aria-label={words} />
      <span>{Math.round(value * 100)} %</span>
    </div>
  );
}

/** Samples that make sense in a field: for masks the mask, of the field's own polarity. */
function samplesFor(
  samples: readonly SampleView[],
  kind: Kind,
  mask: "quad" | "white" | undefined,
): readonly SampleView[] {
  const fitting = samples.filter((sample) => kind === "media" || sample.kind === kind);
  const isMask = ({ name }: SampleView): boolean => name.includes("mask");
  if (mask) {
    const wanted = mask === "quad" ? "quadmask" : kind === "image" ? "mask.png" : "ball-mask";
    return fitting.filter(({ name }) => name.includes(wanted)).slice(0, 1);
  }
  return fitting.filter((sample) => !isMask(sample)).slice(0, kind === "video" ? 1 : 2);
}

function nameOf(url: string): string {
  if (url.startsWith("data:")) return "data URI";
  try {
    return decodeURIComponent(new URL(url, location.origin).pathname.split("/").pop() || url);
  } catch {
    return url;
  }
}
