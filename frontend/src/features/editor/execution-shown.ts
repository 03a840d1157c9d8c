"use client";

/** What a canvas needs to show an execution: the overlay that follows it, and the names of stored things. */
import { useMemo, useState } from "react";
import { useExecutionOverlay } from "@/lib/events";
import { useAgents, useCrews, useFlowChoices } from "./api";
import { createOverlayStore, type OverlayStore } from "./model/overlay";
import type { Names } from "./model/summary";

/** The overlay store, fed by the execution for as long as there is one. */
export function useExecutionShown(executionId: string | null): OverlayStore {
  const [overlay] = useState(createOverlayStore);
  const target = useMemo(() => {
    // The actions alone: the whole state is another object after each change.
    const { show, update, clear } = overlay.getState();
    return { show, update, clear };
  }, [overlay]);
  useExecutionOverlay(executionId, target);
  return overlay;
}

/** What stored agents and crews are called, for the line on their nodes. */
export function useNames(): Names {
  const { data: agents } = useAgents();
  const { data: crews } = useCrews();
  const { data: flows } = useFlowChoices();
  return useMemo(() => {
    const byId = (list: { id: string; name: string }[] = []) =>
      new Map(list.map(({ id, name }) => [id, name]));
    const [agentNames, crewNames, flowNames] = [byId(agents), byId(crews), byId(flows)];
    return {
      agent: (id) => agentNames.get(id),
      crew: (id) => crewNames.get(id),
      flow: (id) => flowNames.get(id),
    };
  }, [agents, crews, flows]);
}
