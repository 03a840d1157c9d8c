"use client";

/** Keeps the keyboard's place: an edit that takes away what had the focus gives it to the node it was about. */
import { useEffect } from "react";
import type { EditorStore } from "./store";

/**
 * Without a place the next Tab would begin at the top of the page. It goes to the chosen node, else to the canvas; where
 * the edit itself has put the focus somewhere, that stands.
 */
export function useKeptFocus(store: EditorStore): void {
  useEffect(() => {
    let last: Element | null = null;
    let frame = 0;
    const remember = ({ target }: FocusEvent) => {
      if (target instanceof Element) last = target;
    };
    const look = () => {
      if (isLost(last)) placeOf(store)?.focus({ preventScroll: true });
    };
    const unsubscribe = store.subscribe(() => {
      cancelAnimationFrame(frame);
      // Two frames: what the change draws is there, and a list that was open has closed.
      frame = requestAnimationFrame(() => (frame = requestAnimationFrame(look)));
    });
    document.addEventListener("focusin", remember);
    return () => {
      cancelAnimationFrame(frame);
      unsubscribe();
      document.removeEventListener("focusin", remember);
    };
  }, [store]);
}

/** Nothing has the focus, and what had it last can have it no more: it was not a click that took it away. */
function isLost(last: Element | null): boolean {
  if (document.activeElement !== document.body || last === null) return false;
  return !last.isConnected || last.matches(":disabled");
}

function placeOf(store: EditorStore): HTMLElement | null {
  const canvas = document.querySelector<HTMLElement>(".wb-canvas");
  const [chosen] = store.getState().selection.nodes;
  const node =
    chosen === undefined
      ? null
      : canvas?.querySelector<HTMLElement>(`.react-flow__node[data-id="${chosen}"]`);
  return node ?? canvas;
}
