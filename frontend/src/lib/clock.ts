"use client";

/** One shared clock: however many times are on the page, they tick on one timer. */
import { useSyncExternalStore } from "react";

const TICK_MS = 1000;
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let now = Date.now();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    listeners.forEach((notify) => notify());
  }, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function read(): number {
  // Without a timer the stored time has gone stale while nothing was shown.
  if (timer === undefined && Date.now() - now >= TICK_MS) now = Date.now();
  return now;
}

const idle = () => () => {};

/** Milliseconds since the epoch; renders again each second while `ticking`. */
export function useNow(ticking = true): number {
  return useSyncExternalStore(ticking ? subscribe : idle, read, read);
}
