/** Light or dark: as the system has it, unless the visitor chose. */
import { useSyncExternalStore } from "react";

/** What the visitor may choose. */
export type Theme = "system" | "light" | "dark";

const NAME = "reshoot-theme";
const listeners = new Set<() => void>();

function current(): Theme {
  const value = localStorage.getItem(NAME);
  return value === "light" || value === "dark" ? value : "system";
}

/** Applies what was chosen before; call once before the first paint. */
export function applyTheme(): void {
  const theme = current();
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

/** Chooses. */
export function setTheme(theme: Theme): void {
  if (theme === "system") localStorage.removeItem(NAME);
  else localStorage.setItem(NAME, theme);
  applyTheme();
  for (const listener of listeners) listener();
}

/** The choice, followed. */
export function useTheme(): Theme {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, current);
}
