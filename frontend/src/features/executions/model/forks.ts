/** What a fork may change: outputs of the nodes before the one it begins at. */
import type { Json, NodeState } from "@/lib/events";
import type { FlowDefinition } from "../api";
import { outline, type OutlineItem } from "./outline";
import { notJson, parseJson, sameJson } from "@/lib/json";

/** The nodes before `from` that gave something, the latest first. */
export function editable(
  flow: FlowDefinition,
  from: string,
  nodes: ReadonlyMap<string, NodeState>,
): OutlineItem[] {
  const before = new Set([from]);
  // A Set is walked over what is added meanwhile too.
  for (const id of before) {
    for (const { source, target } of flow.edges) if (target === id) before.add(source);
  }
  before.delete(from);
  return outline(flow)
    .filter(({ id, type }) => before.has(id) && type !== "input" && gave(nodes.get(id)))
    .toReversed();
}

function gave(node: NodeState | undefined): boolean {
  return node?.status === "completed" || (node?.status === "failed" && node.output !== null);
}

/** What differs from what was given, and a sentence for each text that is no JSON. */
export function readOutputs(
  texts: Readonly<Record<string, string>>,
  given: (id: string) => Json,
): { outputs: Record<string, Json>; errors: Record<string, string> } {
  const outputs: Record<string, Json> = {};
  const errors: Record<string, string> = {};
  for (const [id, text] of Object.entries(texts)) {
    try {
      const value = parseJson(text) as Json;
      if (!sameJson(value, given(id))) outputs[id] = value;
    } catch (error) {
      errors[id] = notJson(error);
    }
  }
  return { outputs, errors };
}
