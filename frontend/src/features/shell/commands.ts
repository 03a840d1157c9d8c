"use client";

/** The commands Ctrl-K offers; each feature registers its own while it is on the screen. */
import { useEffect, useSyncExternalStore, type ReactNode } from "react";

export type Command = {
  /** Unique, e.g. "flow.publish". */
  id: string;
  label: string;
  /** The heading it stands under, e.g. "Flows". */
  group: string;
  icon?: ReactNode;
  /** More words it is found by. */
  keywords?: string[];
  /** The shortcut to show; the palette does not bind it. */
  keys?: string[];
  run: () => void;
};

let sets: readonly (readonly Command[])[] = [];
let flat: readonly Command[] = [];
const listeners = new Set<() => void>();

function change(next: typeof sets): void {
  sets = next;
  // The latest registration of an id wins, so a page may replace a general command.
  flat = [...new Map(sets.flat().map((command) => [command.id, command])).values()];
  listeners.forEach((notify) => notify());
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Adds the commands and returns how to take them away. */
export function registerCommands(commands: readonly Command[]): () => void {
  change([...sets, commands]);
  return () => change(sets.filter((set) => set !== commands));
}

/** Offers the commands while the component is mounted; memoise the list (useMemo). */
export function useCommands(commands: readonly Command[]): void {
  useEffect(() => registerCommands(commands), [commands]);
}

let open = false;

/** Opens or closes the palette. */
export function setPaletteOpen(next: boolean): void {
  open = next;
  listeners.forEach((notify) => notify());
}

/** Whether the palette is open: time to load what it offers by name. */
export function usePaletteOpen(): boolean {
  return useSyncExternalStore(
    subscribe,
    () => open,
    () => false,
  );
}

const none: readonly Command[] = [];

export function useAllCommands(): readonly Command[] {
  return useSyncExternalStore(
    subscribe,
    () => flat,
    () => none,
  );
}
