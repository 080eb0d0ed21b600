/** The visitor's key: kept by the browser, sent in a header, never in an address. */
import { useSyncExternalStore } from "react";

const NAME = "reshoot-key";
const listeners = new Set<() => void>();

/** The key, or an empty text. */
export function storedKey(): string {
  return sessionStorage.getItem(NAME) ?? localStorage.getItem(NAME) ?? "";
}

/** Keeps a key until the tab closes, or on this device. */
export function storeKey(key: string, onDevice: boolean): void {
  forgetKey();
  (onDevice ? localStorage : sessionStorage).setItem(NAME, key);
  notify();
}

/** Forgets it. */
export function forgetKey(): void {
  sessionStorage.removeItem(NAME);
  localStorage.removeItem(NAME);
  notify();
}

/** The key, followed. */
export function useKey(): string {
  return useSyncExternalStore(subscribe, storedKey);
}

function notify(): void {
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
