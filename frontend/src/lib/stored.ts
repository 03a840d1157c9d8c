"use client";

/** A preference of this browser (a size, a folded panel), kept in localStorage. */
import { useCallback, useSyncExternalStore } from "react";

const PREFIX = "watchbill.";
const listeners = new Set<() => void>();
/** What could not be stored (private windows, full disks) still holds until the page closes. */
const memory = new Map<string, string>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("storage", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("storage", listener);
  };
}

/** What is remembered under a name; null for nothing. */
export function readStored(name: string): string | null {
  try {
    return memory.get(name) ?? window.localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

/** The names under which something is remembered that begin so. */
export function storedNames(beginning: string): string[] {
  const names = [...memory.keys()];
  try {
    for (const name of Object.keys(window.localStorage)) {
      if (name.startsWith(PREFIX)) names.push(name.slice(PREFIX.length));
    }
  } catch {
    // A browser that keeps nothing: what is in memory is all there is.
  }
  return [...new Set(names)].filter((name) => name.startsWith(beginning));
}

/** Remembers a text under a name; null forgets it. */
export function writeStored(name: string, text: string | null): void {
  try {
    if (text === null) window.localStorage.removeItem(PREFIX + name);
    else window.localStorage.setItem(PREFIX + name, text);
    memory.delete(name);
  } catch {
    if (text === null) memory.delete(name);
    else memory.set(name, text);
  }
  listeners.forEach((notify) => notify());
}

/** Forgets all that is remembered of something that is no more: what has its id as a part of the name. */
export function forgetAbout(id: string): void {
  for (const name of storedNames("")) {
    if (name.split(".").includes(id)) writeStored(name, null);
  }
}

function parse<Value extends number | string | boolean>(text: string | null, initial: Value) {
  try {
    const value: unknown = JSON.parse(text ?? "null");
    return typeof value === typeof initial ? (value as Value) : initial;
  } catch {
    return initial;
  }
}

/** Like useState, remembered under `name`; prerendered pages show `initial`. Name the type: `useStored<boolean>(...)`. */
export function useStored<Value extends number | string | boolean>(
  name: string,
  initial: Value,
): [Value, (value: Value) => void] {
  const text = useSyncExternalStore(
    subscribe,
    () => readStored(name),
    () => null,
  );
  const set = useCallback((value: Value) => writeStored(name, JSON.stringify(value)), [name]);
  return [parse(text, initial), set];
}
