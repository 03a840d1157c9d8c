"use client";

/** Gives the components of one open editor its stores. */
import { createContext, use } from "react";
import { useStore } from "zustand";
import type { NodeOverlay } from "@/lib/events";
import { nodesById, type FlowNode } from "./model/definition";
import type { OverlayStore } from "./model/overlay";
import type { Names } from "./model/summary";
import type { EditorState, EditorStore } from "./store";

export type EditorContextValue = {
  store: EditorStore;
  overlay: OverlayStore;
  names: Names;
  /** Nothing can be changed: the flow of an execution is only looked at. */
  readOnly: boolean;
};

export const EditorContext = createContext<EditorContextValue | null>(null);

export function useEditorContext(): EditorContextValue {
  const value = use(EditorContext);
  if (!value) throw new Error("This component belongs inside the editor.");
  return value;
}

/** A part of the editor's state; renders again only when that part changes. */
export function useEditor<Part>(select: (state: EditorState) => Part): Part {
  return useStore(useEditorContext().store, select);
}

export function useEditorStore(): EditorStore {
  return useEditorContext().store;
}

/** A node of the level that is open, as it is now; undefined once it is gone. */
export function useFlowNode(id: string): FlowNode | undefined {
  return useEditor((state) => nodesById(state.flow).get(id));
}

/** How one node of the level that is open fares in the execution that is shown. */
export function useNodeOverlay(id: string): NodeOverlay | undefined {
  const prefix = useEditor((state) => state.prefix);
  return useStore(useEditorContext().overlay, (state) => state.nodes[prefix + id]);
}
