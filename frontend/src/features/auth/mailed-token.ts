"use client";

/** What a mailed link carries. It stands behind a #, which browsers send to no server. */
import { useSyncExternalStore } from "react";

/** The token. Undefined until it is known; empty when the address has none. */
export function useMailedToken(): string | undefined {
  return useMailed("token");
}

/** The e-mail address that the link was sent to, where it says so; undefined and empty as the token. */
export function useMailedAddress(): string | undefined {
  return useMailed("email");
}

function useMailed(name: string): string | undefined {
  const hash = useSyncExternalStore(subscribe, readHash, onServer);
  return hash === undefined ? undefined : (new URLSearchParams(hash.slice(1)).get(name) ?? "");
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
