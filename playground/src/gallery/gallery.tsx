/** All endpoints: searched, by family, each with what the configured engine makes of it. */
import { useDeferredValue, useEffect, useRef } from "react";
import type { CatalogReply, EndpointSummary } from "../../../src/playground/api.ts";
import { loadCatalog } from "../shared/api.ts";
import { dollars } from "../shared/format.ts";
import { Icon } from "../shared/icons.tsx";
import { endpointPath, Link, navigate, useQuery } from "../shared/router.tsx";
import { SupportBadge } from "../shared/support-badge.tsx";
import { useAsync } from "../shared/use-async.ts";
import "./gallery.css";
import { Pictogram } from "./pictograms.tsx";

const SHOWN = [
  ["", "All"],
  ["here", "Runs here"],
  ["video-to-video", "From video"],
  ["image-to-video", "From pictures"],
  ["text-to-video", "From words"],
  ["sound", "Sound and data"],
] as const;

/** The first page. */
export function Gallery() {
  const { value: catalog, error } = useAsync("catalog", loadCatalog);
  const query = useQuery();
  const search = query.get("q") ?? "";
  const shown = query.get("show") ?? "";
  const deferred = useDeferredValue(search);
  const box = useRef<HTMLInputElement>(null);

  useEffect(() => {
    document.title = "Reshoot: video endpoints";
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== "/" || event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement)
        return;
      event.preventDefault();
      box.current?.focus();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);

  const filter = (changes: Readonly<Record<string, string>>): void => {
    const next = new URLSearchParams(query);
    for (const [name, value] of Object.entries(changes)) {
      if (value) next.set(name, value);
      else next.delete(name);
    }
    navigate(next.size > 0 ? `/?${next}` : "/", "replace");
  };

  const found = catalog?.endpoints.filter((endpoint) => isShown(endpoint, shown) && matches(endpoint, deferred)) ?? [];
  const families = [...new Set(found.map(({ family }) => family))];

  return (
    <>
      <div className="gallery-head">
        <h1>{catalog ? `${catalog.endpoints.length} ways to change a video` : "Ways to change a video"}</h1>
        <p>{catalog ? introduction(catalog) : " "}</p>
      </div>
      <div className="gallery-tools">
        <label className="searchbox">
          <span className="visually-hidden">Search endpoints</span>
          <Icon name="search" />
          <input
            ref={box}
            type="search"
            className="input"
            placeholder="Search: remove, interpolate, loudness…"
            value={search}
            onChange={(event) => filter({ q: event.target.value })}
          />
          <kbd title="Press / to search">/</kbd>
        </label>
        <fieldset className="segmented">
          <legend className="visually-hidden">Show</legend>
          {SHOWN.map(([value, words]) => (
            <label key={value}>
              <input
                type="radio"
                name="show"
                value={value}
                checked={shown === value}
                onChange={() => filter({ show: value })}
              />
              {words}
            </label>
          ))}
        </fieldset>
      </div>
      {error && (
        <p className="notice danger" role="alert">
          {error.message}
        </p>
      )}
      <p className="visually-hidden" role="status">
        {catalog ? `${found.length} endpoints shown` : ""}
      </p>
      <div className="gallery-body">
        <nav className="families" aria-label="Families">
          {families.map((family) => (
            <a key={family} href={`#${anchor(family)}`}>
              {family}
              <span aria-hidden="true">{found.filter((endpoint) => endpoint.family === family).length}</span>
            </a>
          ))}
        </nav>
        <div className="gallery-sections">
          {!catalog && !error && <Skeleton />}
          {catalog && found.length === 0 && (
            <div className="nothing">
              <h2>Nothing matches</h2>
              <p>Try fewer or other words: titles, descriptions, families and ids are searched.</p>
              <button type="button" className="button" onClick={() => filter({ q: "", show: "" })}>
                Show all
              </button>
            </div>
          )}
          {families.map((family) => (
            <section key={family} id={anchor(family)} aria-label={family}>
              <h2>{family}</h2>
              <ul className="cards">
                {found
                  .filter((endpoint) => endpoint.family === family)
                  .map((endpoint) => (
                    <Card key={endpoint.id} endpoint={endpoint} />
                  ))}
              </ul>
            </section>
          ))}
        </div>
      </div>
    </>
  );
}

function Card({ endpoint }: { readonly endpoint: EndpointSummary }) {
  const { id, title, family, description, operation, price, support } = endpoint;
  return (
    <li className={`card ${support.state}`}>
      <Pictogram operation={operation} />
      <h3>
        <Link href={endpointPath(id)}>{plainTitle(title, family)}</Link>
      </h3>
      <p>{description}</p>
      <code>{id}</code>
      <footer>
        <SupportBadge support={support} />
        <span title={price.rule}>
          {dollars(price.unitPrice)} / {price.unit}
        </span>
      </footer>
    </li>
  );
}

function Skeleton() {
  return (
    <ul className="cards" aria-hidden="true">
      {Array.from({ length: 9 }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: placeholders are alike.
        <li key={index} className="skeleton card-skeleton" />
      ))}
    </ul>
  );
}

function introduction({ endpoints, engines }: CatalogReply): string {
  const here = endpoints.filter(({ support }) => support.state !== "missing").length;
  const names = engines.map(({ name }) => name).join(", ");
  const others = here < endpoints.length ? " The others say which engine they need." : "";
  return `${here} run on this machine now, on the engine ${names}: pick one, drop a clip, see the result beside it.${others}`;
}

function isShown({ support, category }: EndpointSummary, shown: string): boolean {
  if (shown === "") return true;
  if (shown === "here") return support.state !== "missing";
  if (shown === "sound") return /audio|json/.test(category);
  return category === shown;
}

function matches({ id, title, description, family, operation }: EndpointSummary, search: string): boolean {
  const text = `${id} ${title} ${description} ${family} ${operation}`.toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** The family stands above already. */
function plainTitle(title: string, family: string): string {
  const rest = title.startsWith(`${family}: `) ? title.slice(family.length + 2) : title;
  return rest.charAt(0).toUpperCase() + rest.slice(1);
}

function anchor(family: string): string {
  return family.toLowerCase().replace(/[^a-z0-9]+/g, "-");
}
