/** One endpoint: its form, its run, its code. */
import { type FormEvent, useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { CatalogReply, EndpointDetail, IssueView, MediaFacts, RequestView } from "../../../src/playground/api.ts";
import { json, loadCatalog, loadEndpoint } from "../shared/api.ts";
import { CopyButton } from "../shared/copy-button.tsx";
import { dollars } from "../shared/format.ts";
import { takeHandoff } from "../shared/handoff.ts";
import { Link, navigate, useQuery } from "../shared/router.tsx";
import { locPath, mediaIn, type Path, pathKey, type Values, withValueAt } from "../shared/schema.ts";
import { SupportBadge } from "../shared/support-badge.tsx";
import { useAsync } from "../shared/use-async.ts";
import { CodePanel } from "./code-panel.tsx";
import "./endpoint.css";
import "./form.css";
import { resolveSamples } from "./examples.ts";
import { Field } from "./field.tsx";
import { type Form, FormContext } from "./form-context.ts";
import { groupFields } from "./groups.ts";
import { mainVideo } from "./main-video.ts";
import { RunPanel } from "./run-panel.tsx";
import { useCheck } from "./use-check.ts";
import { useRun } from "./use-run.ts";

/** The page of an endpoint, by id or alias. */
export default function EndpointPage({ id }: { readonly id: string }) {
  const { value: endpoint, error } = useAsync(id, () => loadEndpoint(id));
  const { value: catalog } = useAsync("catalog", loadCatalog);
  useEffect(() => {
    document.title = endpoint ? `${endpoint.title} · Reshoot` : "Reshoot";
  }, [endpoint]);
  if (error) {
    return (
      <div className="page-error" role="alert">
        <h1>{error.message}</h1>
        <p>
          There is nothing called <code>{id}</code> here.
        </p>
        <Link className="button" href="/">
          All endpoints
        </Link>
      </div>
    );
  }
  if (!endpoint || !catalog) return <div className="skeleton endpoint-skeleton" />;
  return <Loaded endpoint={endpoint} catalog={catalog} />;
}

function Loaded({ endpoint, catalog }: { readonly endpoint: EndpointDetail; readonly catalog: CatalogReply }) {
  const [values, setValues] = useState<Values>({});
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const [attempted, setAttempted] = useState(false);
  const [facts, setFacts] = useState<ReadonlyMap<string, MediaFacts>>(new Map());
  const [uploads, setUploads] = useState<ReadonlyMap<string, number>>(new Map());
  const [busy, setBusy] = useState("");
  const control = useRun(endpoint);
  const { run } = control;
  const query = useQuery();
  const asked = query.get("request");
  const [ranInput, setRanInput] = useState<Values>({});
  const formElement = useRef<HTMLFormElement>(null);
  const resultElement = useRef<HTMLDivElement>(null);

  const media = useMemo(() => mediaIn(endpoint.input, values), [endpoint, values]);
  const mainFacts = media.map(({ path }) => facts.get(pathKey(path))).find(Boolean);
  const check = useCheck(endpoint.id, values, mainFacts);
  const groups = useMemo(() => groupFields(endpoint.input), [endpoint]);

  // A request in the address is shown as it is, and may be run again with changes.
  const { follow } = control;
  const shownRequest = useRef<string>(undefined);
  useEffect(() => {
    const known = asked === run.id || asked === shownRequest.current;
    shownRequest.current = asked ?? undefined;
    // While its input is run again with changes, the address still has the old one.
    if (!asked || known) return;
    json<RequestView>(`/playground/api/requests/${encodeURIComponent(asked)}`).then(
      (view) => {
        const input = withoutDefaults(endpoint, view.input);
        setValues(input);
        setRanInput(input);
        follow(view.id);
      },
      () => navigate(location.pathname, "replace"),
    );
  }, [asked, run.id, endpoint, follow]);

  const issues = useMemo(() => {
    const shown = new Map<string, IssueView>();
    for (const issue of check?.issues ?? []) {
      const key = pathKey(locPath(issue.loc));
      if (attempted || (touched.has(key) && issue.type !== "missing")) shown.set(key, issue);
    }
    for (const issue of run.error?.issues ?? []) {
      const key = pathKey(locPath(issue.loc));
      if (!shown.has(key)) shown.set(key, issue);
    }
    return shown;
  }, [check, attempted, touched, run.error]);

  const set = useCallback((path: Path, value: unknown) => setValues((before) => withValueAt(before, path, value)), []);
  const uploading = uploads.size > 0;
  const running = run.phase === "submitting" || run.phase === "queued" || run.phase === "running";
  const runnable = endpoint.transport === "request" && endpoint.support.state !== "missing";
  const form: Form = {
    endpoint,
    values,
    set,
    runWith: (path, value) => {
      const next = withValueAt(values, path, value);
      setValues(next);
      void start(next);
    },
    runnable: runnable && !running && !uploading,
    issues,
    setFacts: useCallback(
      (path: Path, next: MediaFacts | undefined) => setFacts((before) => changed(before, pathKey(path), next)),
      [],
    ),
    setUpload: useCallback(
      (path: Path, next: number | undefined) => setUploads((before) => changed(before, pathKey(path), next)),
      [],
    ),
  };

  const start = async (input: Values): Promise<void> => {
    setAttempted(true);
    setRanInput(input);
    const id = await control.start(input);
    if (id !== undefined) {
      navigate(`${location.pathname}?request=${id}`, "replace");
      resultElement.current?.scrollIntoView({ block: "nearest", behavior: "smooth" });
    }
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: another page hands its form over once, when this one opens.
  useEffect(() => {
    const handed = takeHandoff(endpoint.id);
    if (!handed) return;
    setValues(handed);
    void start(handed);
  }, []);

  const onSubmit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    await start(values);
  };

  const tryExample = async (example: EndpointDetail["examples"][number], thenRun: boolean): Promise<void> => {
    setBusy("Preparing the sample clips…");
    try {
      const input = await resolveSamples(example.input);
      setValues(input);
      setAttempted(false);
      if (thenRun) await start(input);
    } catch (error) {
      setBusy(String((error as Error).message));
      return;
    }
    setBusy("");
  };

  // After a refused run the first field that is wrong is where to go on.
  const refused = run.error !== undefined && run.error.issues.length > 0;
  useEffect(() => {
    if (!refused) return;
    const field = formElement.current?.querySelector<HTMLElement>(".field.invalid");
    for (const fold of [field?.closest("details")]) if (fold) fold.open = true;
    field?.scrollIntoView({ block: "center", behavior: "smooth" });
    field?.querySelector<HTMLElement>("input, textarea, select, button")?.focus({ preventScroll: true });
  }, [refused]);

  const compared = mainVideo(endpoint, ranInput);
  const required = endpoint.input.required ?? [];
  const changedAdvanced = groups.advanced.filter((name) => values[name] !== undefined).length;
  const advancedIssue = groups.advanced.some((name) => [...issues.keys()].some((key) => key.split(".")[0] === name));

  const field = (name: string) => (
    <Field key={name} schema={endpoint.input.properties![name]!} path={[name]} required={required.includes(name)} />
  );

  return (
    <FormContext value={form}>
      <header className="endpoint-head">
        <nav aria-label="Breadcrumb">
          <Link href="/">Endpoints</Link> <span aria-hidden="true">/</span>{" "}
          <Link href={`/?q=${encodeURIComponent(endpoint.family)}`}>{endpoint.family}</Link>
        </nav>
        <h1>{endpoint.title}</h1>
        <p className="endpoint-about">{endpoint.description}</p>
        <div className="endpoint-line">
          <SupportBadge support={endpoint.support} />
          <span className="endpoint-id">
            <code>{endpoint.id}</code>
            <CopyButton text={endpoint.id} what="the endpoint's id" />
          </span>
          <span title={endpoint.price.rule}>
            {dollars(endpoint.price.unitPrice)} a {endpoint.price.unit} at the vendor's
          </span>
        </div>
        {endpoint.aliases.length > 0 && (
          <p className="endpoint-aliases">
            Also called{" "}
            {endpoint.aliases.map((alias) => (
              <code key={alias}>{alias}</code>
            ))}
          </p>
        )}
        {endpoint.support.reasons.length > 0 && (
          <div className="notice">
            {endpoint.support.reasons.map((reason) => (
              <p key={reason}>{reason}</p>
            ))}
          </div>
        )}
        {endpoint.transport === "realtime" && (
          <p className="notice">
            Realtime: programs speak to it over a WebSocket, frame by frame. This page has its code only.
          </p>
        )}
      </header>
      <div className="endpoint-body">
        <form
          ref={formElement}
          className="endpoint-form"
          onSubmit={onSubmit}
          onBlur={({ target }) => {
            // From now on the field's issues are shown.
            const left = target.closest<HTMLElement>("[data-path]")?.dataset.path;
            if (left !== undefined) setTouched((before) => new Set(before).add(left));
          }}
          noValidate
          aria-label="Input"
        >
          {endpoint.examples.length > 0 && (
            <div className="examples">
              {endpoint.examples.map((example, index) => (
                <button
                  key={example.title}
                  type="button"
                  className="button small"
                  disabled={running || uploading || busy.endsWith("…")}
                  onClick={() => void tryExample(example, runnable)}
                >
                  {runnable ? "Run" : "Fill in"} {index === 0 ? "the example" : `example ${index + 1}`}
                </button>
              ))}
              <span role="status">{busy || (runnable ? "Our own clips, no network needed." : "")}</span>
            </div>
          )}
          {groups.media.length > 0 && <div className="form-media">{groups.media.map(field)}</div>}
          {groups.main.length > 0 && <div className="form-main">{groups.main.map(field)}</div>}
          {groups.advanced.length > 0 && (
            <details className="form-advanced" open={advancedIssue || undefined}>
              <summary>
                Advanced
                <small>
                  {groups.advanced.length} settings{changedAdvanced > 0 ? `, ${changedAdvanced} changed` : ""}
                </small>
              </summary>
              <div className="form-main">{groups.advanced.map(field)}</div>
            </details>
          )}
          <div className="form-foot">
            <div className="form-price">
              <strong>{check?.price ? dollars(check.price.dollars) : "–"}</strong>
              <span>{catalog.charges ? "this run" : "at the vendor's, free here"}</span>
            </div>
            <button type="button" className="button quiet" onClick={() => clearForm()}>
              Clear
            </button>
            <button type="submit" className="button primary" disabled={!runnable || running || uploading}>
              {uploading
                ? `Uploading ${Math.round(100 * Math.min(...uploads.values()))} %`
                : running
                  ? "Running…"
                  : "Run"}
            </button>
          </div>
        </form>
        <div className="endpoint-side" ref={resultElement}>
          {run.phase !== "idle" && (
            <RunPanel control={control} source={compared} input={ranInput} charges={catalog.charges} />
          )}
          <CodePanel endpoint={endpoint} input={values} keys={catalog.keys} />
        </div>
      </div>
    </FormContext>
  );

  function clearForm(): void {
    setValues({});
    setAttempted(false);
    setTouched(new Set());
    control.reset();
    navigate(location.pathname, "replace");
  }
}

function changed<T>(before: ReadonlyMap<string, T>, key: string, value: T | undefined): ReadonlyMap<string, T> {
  if (before.get(key) === value) return before;
  const next = new Map(before);
  if (value === undefined) next.delete(key);
  else next.set(key, value);
  return next;
}

/** What the visitor set: a stored input has all defaults filled in. */
function withoutDefaults(endpoint: EndpointDetail, input: Values): Values {
  const { properties = {} } = endpoint.input;
  const set = Object.entries(input).filter(
    ([name, value]) => value !== null && JSON.stringify(value) !== JSON.stringify(properties[name]?.default),
  );
  return Object.fromEntries(set);
}
