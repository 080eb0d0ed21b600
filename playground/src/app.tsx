/** The frame around every page: navigation, theme, key; and which page an address means. */
import { Component, lazy, type ReactNode, Suspense, useEffect, useRef } from "react";
import { Gallery } from "./gallery/gallery.tsx";
import { loadCatalog } from "./shared/api.ts";
import { Icon } from "./shared/icons.tsx";
import { forgetKey, useKey } from "./shared/key.ts";
import { KeyForm } from "./shared/key-form.tsx";
import { Link, usePath } from "./shared/router.tsx";
import { setTheme, useTheme } from "./shared/theme.ts";
import { useAsync } from "./shared/use-async.ts";

const EndpointPage = lazy(() => import("./endpoint/endpoint-page.tsx"));
const StudioPage = lazy(() => import("./studio/studio-page.tsx"));
const HistoryPage = lazy(() => import("./history/history-page.tsx"));
const RequestPage = lazy(() => import("./history/request-page.tsx"));
const UsagePage = lazy(() => import("./usage/usage-page.tsx"));
const KeysPage = lazy(() => import("./keys/keys-page.tsx"));

/** Every page: how its address begins, what the navigation calls it, whether it needs a key where the server has keys. */
const PAGES: readonly {
  readonly start: string;
  readonly nav?: string;
  readonly keyed: boolean;
  readonly render: (rest: string) => ReactNode;
}[] = [
  { start: "/models/", keyed: true, render: (id) => <EndpointPage key={id} id={id} /> },
  {
    start: "/history/",
    keyed: true,
    render: (id) => (id === "" ? <HistoryPage /> : <RequestPage key={id} id={id} />),
  },
  { start: "/", nav: "Endpoints", keyed: false, render: () => <Gallery /> },
  { start: "/studio", nav: "Mask studio", keyed: true, render: () => <StudioPage /> },
  { start: "/history", nav: "History", keyed: true, render: () => <HistoryPage /> },
  { start: "/usage", nav: "Usage", keyed: true, render: () => <UsagePage /> },
  { start: "/keys", nav: "Keys", keyed: true, render: () => <KeysPage /> },
];

/** The app. */
export function App() {
  const path = usePath();
  const key = useKey();
  const { value: catalog } = useAsync("catalog", loadCatalog);
  const page = PAGES.find(({ start }) =>
    start.endsWith("/") && start !== "/" ? path.startsWith(start) : path === start,
  );
  const rest = decodeURIComponent(path.slice(page?.start.length ?? 0)).replace(/\/+$/, "");
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new page is where reading goes on.
  useEffect(() => {
    if (!first.current) main.current?.focus({ preventScroll: true });
    first.current = false;
    // The navigation may be wider than a phone.
    document.querySelector(".topnav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [path]);
  const locked = page?.keyed && catalog?.keys && key === "";

  return (
    <>
      <a className="button skip" href="#main">
        Skip to the content
      </a>
      <header className="topbar">
        <div className="topbar-inner">
          <Link href="/" className="brand" aria-label="Reshoot, all endpoints">
            <Logo />
            <span>Reshoot</span>
          </Link>
          <nav className="topnav" aria-label="Pages">
            {PAGES.filter(({ nav }) => nav).map(({ start, nav }) => (
              <Link key={start} href={start} aria-current={isUnder(path, start) ? "page" : undefined}>
                {nav}
              </Link>
            ))}
          </nav>
          {catalog?.keys && key !== "" && (
            <button type="button" className="button quiet small forget" onClick={forgetKey} title="Forget key">
              <Icon name="key" /> <span>Forget key</span>
            </button>
          )}
          <ThemeButton />
        </div>
      </header>
      <main id="main" className="page" ref={main} tabIndex={-1}>
        <Boundary key={path}>
          <Suspense fallback={<div className="skeleton" style={{ height: "60vh" }} />}>
            {!page ? <NotFound /> : locked ? <KeyForm /> : page.render(rest)}
          </Suspense>
        </Boundary>
      </main>
    </>
  );
}

function isUnder(path: string, start: string): boolean {
  return start === "/" ? path === "/" || path.startsWith("/models/") : path.startsWith(start);
}

function NotFound() {
  return (
    <div className="page-error">
      <h1>There is no such page</h1>
      <Link className="button" href="/">
        All endpoints
      </Link>
    </div>
  );
}

function ThemeButton() {
  const theme = useTheme();
  const dark = theme === "dark" || (theme === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  return (
    <button
      type="button"
      className="button quiet icon"
      aria-label={dark ? "Light theme" : "Dark theme"}
      title={dark ? "Light theme" : "Dark theme"}
      onClick={() => setTheme(dark ? "light" : "dark")}
    >
      <Icon name={dark ? "sun" : "moon"} />
    </button>
  );
}

function Logo() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <path
        d="M8 24V10.6C8 9.2 9.2 8 10.6 8H18"
        fill="none"
        stroke="currentColor"
        strokeWidth="3"
        strokeLinecap="round"
      />
      <circle cx="20" cy="20" r="5.5" fill="none" stroke="var(--accent)" strokeWidth="3" strokeDasharray="3.4 2.4" />
    </svg>
  );
}

/** Keeps a defect on one page from taking the app away. */
class Boundary extends Component<{ readonly children: ReactNode }, { readonly error?: Error }> {
  override state: { readonly error?: Error } = {};

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <div className="page-error" role="alert">
        <h1>This page broke</h1>
        <p className="mono">{error.message}</p>
        <button type="button" className="button" onClick={() => location.reload()}>
          Load it again
        </button>
      </div>
    );
  }
}
