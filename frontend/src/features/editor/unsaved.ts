/** Changes of a flow that the server does not have: kept in this browser, so that no closed window loses them. */
import { parseAnswer, sameJson, writeJson } from "@/lib/json";
import { readStored, writeStored } from "@/lib/stored";
import type { FlowChange, FlowRecord } from "./api";

const nameOf = (flowId: string) => `unsaved.${flowId}`;

/** Null: the server has everything. */
export function keepUnsaved(flowId: string, change: FlowChange | null): void {
  writeStored(nameOf(flowId), change && writeJson(change));
}

/** What was left unsaved, if the server has not got it meanwhile; `version` is the one that it was made from. */
export function readUnsaved({ id, name, definition }: FlowRecord): FlowChange | null {
  const change = read(id);
  if (change === null) return null;
  const same =
    (change.name === undefined || change.name === name) &&
    (change.definition === undefined || sameJson(change.definition, definition));
  return same ? null : change;
}

function read(flowId: string): FlowChange | null {
  try {
    const value = parseAnswer(readStored(nameOf(flowId)) ?? "null") as FlowChange | null;
    return typeof value?.version === "number" ? value : null;
  } catch {
    // Somebody else wrote it: there is nothing to go on with.
    return null;
  }
}
