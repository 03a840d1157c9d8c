"use client";

/** React's access to a watched execution; each hook keeps its stream open while it is mounted. */
import { useEffect, useMemo } from "react";
import { useStore } from "zustand";
import { feedOverlay, type OverlayTarget } from "./overlay";
import type { ExecutionState, NodeState } from "./state";
import { expectNodes, newWatched, reopen, watch, watchedOf, type WatchedState } from "./watch";

/** Stands in while there is no execution to watch. */
const nothing = newWatched("");

/** Everything about the execution; renders again with each frame in which something came. */
export function useExecution(executionId: string | null): WatchedState {
  return useExecutionPart(executionId, whole);
}

/** A part of it; renders again only when the part changes. `select` gives stable values. */
export function useExecutionPart<Part>(
  executionId: string | null,
  select: (watched: WatchedState) => Part,
): Part {
  const entry = useEntry(executionId);
  useEffect(() => (entry === nothing ? undefined : watch(entry)), [entry]);
  return useStore(entry.store, select);
}

/** One node of it; undefined before the node is known. */
export function useExecutionNode(
  executionId: string | null,
  nodeId: string | null,
): NodeState | undefined {
  return useExecutionPart(executionId, ({ state }) =>
    nodeId === null ? undefined : state.nodes.get(nodeId),
  );
}

/** Names the flow's nodes in their order, once the definition is known. */
export function useExpectedNodes(executionId: string, ids: readonly string[] | undefined): void {
  const entry = useEntry(executionId);
  useEffect(() => {
    if (ids) expectNodes(entry, ids);
  }, [entry, ids]);
}

/** Tries a failed connection again. */
export function reconnect(executionId: string): void {
  reopen(watchedOf(executionId));
}

/** Shows the execution on `target` for as long as there is one; `target` keeps its identity (a store). */
export function useExecutionOverlay(executionId: string | null, target: OverlayTarget): void {
  const entry = useEntry(executionId);
  useEffect(() => {
    if (entry === nothing) return;
    let last: ExecutionState | null = null;
    const feed = ({ state }: WatchedState) => {
      feedOverlay(target, entry.executionId, state, last);
      last = state;
    };
    feed(entry.store.getState());
    const unsubscribe = entry.store.subscribe(feed);
    const leave = watch(entry);
    return () => {
      unsubscribe();
      leave();
      target.clear();
    };
  }, [entry, target]);
}

function useEntry(executionId: string | null) {
  return useMemo(() => (executionId ? watchedOf(executionId) : nothing), [executionId]);
}

function whole(watched: WatchedState): WatchedState {
  return watched;
}
