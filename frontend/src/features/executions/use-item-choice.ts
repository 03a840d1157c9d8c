"use client";

/** Which node is looked at: the one that was chosen, or else the one where something happens. */
import { useState } from "react";
import { itemInFocus } from "./model/reading";
import type { LiveExecution } from "./use-live-execution";

export type ItemChoice = {
  /** Null while no node is known. */
  path: string | null;
  /** A person chose it; otherwise it moves along with the execution. */
  chosen: boolean;
  choose: (nodeId: string | null) => void;
};

/** `given` holds the choice elsewhere, e.g. in the address or on a canvas. */
export function useItemChoice(
  { state, items, itemAt }: LiveExecution,
  given?: { selected: string | null; onSelect: (nodeId: string | null) => void },
): ItemChoice {
  const [own, setOwn] = useState<string | null>(null);
  const wanted = given ? given.selected : own;
  const chosen = wanted !== null && itemAt(wanted) !== undefined;
  const path = chosen ? wanted : (itemInFocus(state) ?? items[0]?.id ?? null);
  return { path, chosen, choose: given?.onSelect ?? setOwn };
}
