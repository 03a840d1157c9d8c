"use client";

/** The token of a mailed link. It stands behind a #, which browsers send to no server. */
import { useSyncExternalStore } from "react";

/** Undefined until it is known; empty when the address has none. */
export function useMailedToken(): string | undefined {
  const hash = useSyncExternalStore(subscribe, readHash, onServer);
  return hash === undefined ? undefined : (new URLSearchParams(hash.slice(1)).get("token") ?? "");
}

function subscribe(changed: () => void): () => void {
  window.addEventListener("hashchange", changed);
  return () => window.removeEventListener("hashchange", changed);
}

function readHash(): string | undefined {
  return window.location.hash;
}

function onServer(): undefined {
  return undefined;
}
