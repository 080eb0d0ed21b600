/** The studio as a page of its own: from a clip to a clip without the object. */
import { useEffect, useMemo, useState } from "react";
import type { EndpointDetail } from "../../../src/playground/api.ts";
import { loadCatalog, loadEndpoint, localUrl } from "../shared/api.ts";
import { runOnPage } from "../shared/handoff.ts";
import { navigate, useQuery } from "../shared/router.tsx";
import { mediaKind, type Values } from "../shared/schema.ts";
import { type Upload, upload } from "../shared/upload.ts";
import { useAsync } from "../shared/use-async.ts";
import { ClipPicker } from "./clip-picker.tsx";
import { Studio } from "./studio.tsx";

/** A clip on its way to the server, or there. */
type Clip = { readonly preview: string; readonly source: Promise<string> };

/** The page. `?video=` names a clip of this server, `?endpoint=` what removes the object. */
export default function StudioPage() {
  const query = useQuery();
  const video = query.get("video") ?? "";
  const [chosen, setChosen] = useState<Clip>();
  const [progress, setProgress] = useState<number>();
  const [problem, setProblem] = useState("");
  const { value: endpoints, error } = useAsync("removers", loadRemovers);
  const endpoint = endpoints?.find(({ id }) => id === query.get("endpoint")) ?? endpoints?.[0];
  const mask = endpoint && fieldsOf(endpoint).mask;
  const [scene, setScene] = useState("the same place without it");

  useEffect(() => {
    document.title = "Mask studio · Reshoot";
  }, []);

  const linked = useMemo((): Clip | undefined => {
    // Files of this server only: the page shows nothing from elsewhere, and asks nobody for it.
    if (!video.startsWith("/cdn/")) return undefined;
    return { preview: video, source: Promise.resolve(new URL(video, location.origin).href) };
  }, [video]);
  const clip = chosen ?? linked;

  const go = (changes: Readonly<Record<string, string>>): void => {
    const next = new URLSearchParams({ ...Object.fromEntries(query), ...changes });
    navigate(`/studio?${next}`, "replace");
  };

  const take = (file: File): void => {
    setProblem("");
    const sending: Upload = upload(file, setProgress);
    setChosen({ preview: URL.createObjectURL(file), source: sending.done });
    sending.done.then(
      (url) => {
        setProgress(undefined);
        go({ video: localUrl(url) });
      },
      (thrown: Error) => {
        setProgress(undefined);
        setChosen(undefined);
        setProblem(thrown.message);
      },
    );
  };

  const remove = async (maskUrl: string): Promise<void> => {
    if (!clip || !endpoint) return;
    const fields = fieldsOf(endpoint);
    const needsWords = endpoint.input.required?.includes("prompt");
    runOnPage(endpoint.id, {
      [fields.video]: await clip.source,
      [fields.mask]: maskUrl,
      ...(needsWords && { prompt: scene.trim() || "the same place without it" }),
    } satisfies Values);
  };

  return (
    <div className="studio-page">
      <header className={clip ? "compact" : undefined}>
        <h1>Mask studio</h1>
        <p>
          {clip
            ? "Click on what should go, look at it over the whole clip, then remove it."
            : "Remove something from a clip: click on it, and it is followed from the first frame to the last."}
        </p>
        {clip && (
          <div className="studio-source">
            {progress !== undefined && (
              <>
                <progress value={progress} aria-label="Uploading the clip" />
                <span>Uploading, {Math.round(100 * progress)} %</span>
              </>
            )}
            <button
              type="button"
              className="button small"
              onClick={() => {
                setChosen(undefined);
                navigate("/studio", "replace");
              }}
            >
              Another clip
            </button>
          </div>
        )}
      </header>
      {problem && (
        <p className="notice danger" role="alert">
          {problem}
        </p>
      )}
      {error && (
        <p className="notice danger" role="alert">
          {error.message}
        </p>
      )}
      {!clip && <ClipPicker onFile={take} onUrl={(url) => go({ video: localUrl(url) })} />}
      {clip && mask && (
        <Studio
          key={clip.preview}
          preview={clip.preview}
          source={clip.source}
          levels={endpoint.masks[mask]!}
          picture={false}
          uses={[{ words: "Remove it", primary: true, take: (url) => void remove(url) }]}
        >
          <label className="studio-choice">
            <span>With</span>
            <select className="input" value={endpoint.id} onChange={(event) => go({ endpoint: event.target.value })}>
              {endpoints?.map(({ id }) => (
                <option key={id} value={id}>
                  {id}
                </option>
              ))}
            </select>
          </label>
          {endpoint.input.required?.includes("prompt") && (
            <label className="studio-choice">
              <span>Then one sees</span>
              <input className="input" type="text" value={scene} onChange={(event) => setScene(event.target.value)} />
            </label>
          )}
        </Studio>
      )}
    </div>
  );
}

/** Endpoints that an engine serves here and that take a clip with a mask video; those that know of shadows first. */
async function loadRemovers(): Promise<readonly EndpointDetail[]> {
  const { endpoints } = await loadCatalog();
  const some = endpoints.filter(({ support, masks }) => support.state !== "missing" && Object.keys(masks).length > 0);
  const details = await Promise.all(some.map(({ id }) => loadEndpoint(id)));
  const usable = details.filter((endpoint) => {
    const { video, mask } = fieldsOf(endpoint);
    return video !== "" && mask !== "" && endpoint.operation === "removeObject";
  });
  const knowsShadows = ({ masks }: EndpointDetail): number => (Object.values(masks).includes("quad") ? 0 : 1);
  return usable.sort((a, b) => knowsShadows(a) - knowsShadows(b));
}

/** Names of an endpoint's clip and mask fields; empty where it has none. */
function fieldsOf({ input, masks }: EndpointDetail): { readonly video: string; readonly mask: string } {
  const videos = Object.entries(input.properties ?? {}).filter(([, schema]) => mediaKind(schema) === "video");
  const names = videos.map(([name]) => name);
  return { video: names.find((name) => !(name in masks)) ?? "", mask: names.find((name) => name in masks) ?? "" };
}
