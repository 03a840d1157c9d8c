"use client";

/** The editor's keys and clipboard; they rest while one types or a dialog is open. */
import { useReactFlow } from "@xyflow/react";
import { useEffect, useRef } from "react";
import {
  duplicateSelection,
  goUp,
  layOut,
  nudge,
  pasteText,
  removeSelection,
  selectAll,
  selectionText,
} from "./actions";
import { FIT } from "./canvas/canvas-tools";
import type { Position } from "./model/definition";
import type { EditorStore } from "./store";

const STEP = 8;
const LARGE_STEP = 40;
const arrows: Record<string, Position> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

/** Binds them while the editor is on the screen; `save` is asked for by Ctrl-S. */
export function useShortcuts(store: EditorStore, save: () => void): void {
  const { fitView, screenToFlowPosition } = useReactFlow();
  const pointer = useRef<Position>({ x: 0, y: 0 });

  useEffect(() => {
    const fit = () => void fitView(FIT);
    const openList = () => {
      const at = canvasPoint(pointer.current);
      store.getState().setAdding({ at, position: screenToFlowPosition(at) });
    };
    const plain: Record<string, () => void> = {
      delete: () => removeSelection(store),
      backspace: () => removeSelection(store),
      escape: () => leave(store),
      "/": openList,
      n: openList,
      f: fit,
      l: () => void layOut(store).then(() => requestAnimationFrame(fit)),
    };
    const withCtrl: Record<string, () => void> = {
      a: () => selectAll(store),
      d: () => duplicateSelection(store),
      z: () => store.getState().undo(),
      "shift+z": () => store.getState().redo(),
      y: () => store.getState().redo(),
      s: save,
    };

    function onKeyDown(event: KeyboardEvent) {
      if (event.defaultPrevented || event.altKey) return;
      const ctrl = event.ctrlKey || event.metaKey;
      const key = event.key.toLowerCase();
      if (ctrl && key === "s") return run(event, save);
      if (busy(event.target)) return;
      if (ctrl) return run(event, withCtrl[(event.shiftKey ? "shift+" : "") + key]);
      if (event.key === "Enter" || event.key === " ") return openFocused(event, store);
      const arrow = arrows[event.key];
      if (arrow && store.getState().selection.nodes.size > 0) {
        const size = event.shiftKey ? LARGE_STEP : STEP;
        return run(event, () => nudge(store, { x: arrow.x * size, y: arrow.y * size }));
      }
      if (!event.shiftKey || event.key === "/") run(event, plain[key]);
    }
    function onCopy(event: ClipboardEvent) {
      if (busy(event.target) || window.getSelection()?.isCollapsed === false) return;
      const text = selectionText(store);
      if (text === null) return;
      event.preventDefault();
      event.clipboardData?.setData("text/plain", text);
      if (event.type === "cut") removeSelection(store);
    }
    function onPaste(event: ClipboardEvent) {
      if (busy(event.target)) return;
      if (pasteText(store, event.clipboardData?.getData("text/plain") ?? ""))
        event.preventDefault();
    }
    function onPointerMove({ clientX: x, clientY: y }: PointerEvent) {
      pointer.current = { x, y };
    }
    const listeners = { keydown: onKeyDown, copy: onCopy, cut: onCopy, paste: onPaste };
    const entries = Object.entries({ ...listeners, pointermove: onPointerMove });
    entries.forEach(([type, listen]) => window.addEventListener(type, listen as EventListener));
    return () =>
      entries.forEach(([type, listen]) =>
        window.removeEventListener(type, listen as EventListener),
      );
  }, [store, save, fitView, screenToFlowPosition]);
}

function run(event: KeyboardEvent, action: (() => void) | undefined): void {
  if (!action) return;
  event.preventDefault();
  action();
}

/** Whether the key belongs to what has the focus: a text field, a dialog, a list. */
function busy(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  const owners =
    "input, textarea, select, [contenteditable=true], [role=dialog], [role=menu], [role=listbox], [role=separator], [role=tree]";
  return target.closest(owners) !== null;
}

/** Escape lets go of what is chosen, and then goes up out of a body. */
function leave(store: EditorStore): void {
  const { selection, level, select } = store.getState();
  if (selection.nodes.size > 0 || selection.edges.size > 0) select([]);
  else if (level.length > 0) goUp(store, level.length - 1);
}

/** Enter on a node or edge that has the focus selects it; again, it goes into the inspector. */
function openFocused(event: KeyboardEvent, store: EditorStore): void {
  if (!(event.target instanceof Element)) return;
  const node = event.target.closest(".react-flow__node")?.getAttribute("data-id");
  const edge = event.target.closest(".react-flow__edge")?.getAttribute("data-id");
  if (!node && !edge) return;
  event.preventDefault();
  if (edge) return store.getState().select([], [edge]);
  if (!node) return;
  store.getState().select([node]);
  if (event.key === "Enter") store.getState().setFocus({ nodeId: node, field: null });
}

/** The pointer's place while it is over the canvas, else the canvas's middle. */
function canvasPoint(pointer: Position): Position {
  const box = document.querySelector(".wb-canvas")?.getBoundingClientRect();
  if (!box) return pointer;
  const inside =
    pointer.x > box.left && pointer.x < box.right && pointer.y > box.top && pointer.y < box.bottom;
  return inside ? pointer : { x: box.x + box.width / 2, y: box.y + box.height / 3 };
}
