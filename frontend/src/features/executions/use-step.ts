"use client";

/** Which step is looked at: the one that was chosen, or else the one where something happens. */
import { useState } from "react";
import { stepInFocus } from "./model/reading";
import type { Run } from "./use-run";

export type StepChoice = {
  /** Null while no step is known. */
  step: string | null;
  /** A person chose it; otherwise it moves along with the run. */
  chosen: boolean;
  choose: (nodeId: string | null) => void;
};

/** `given` holds the choice elsewhere, e.g. in the address or on a canvas. */
export function useStep(
  { state, steps, stepAt }: Run,
  given?: { selected: string | null; onSelect: (nodeId: string | null) => void },
): StepChoice {
  const [own, setOwn] = useState<string | null>(null);
  const wanted = given ? given.selected : own;
  const chosen = wanted !== null && stepAt(wanted) !== undefined;
  const step = chosen ? wanted : (stepInFocus(state) ?? steps[0]?.id ?? null);
  return { step, chosen, choose: given?.onSelect ?? setOwn };
}
