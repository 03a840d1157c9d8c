/** JSON texts of nodes that cannot be read yet: a problem of their node, and kept in this browser until they can. */
import { withDraft } from "@/components/drafts";
import { notJson, parseJson } from "@/lib/json";
import { readStored, writeStored } from "@/lib/stored";
import type { Problem } from "./model/problems";

/** By the node's path, then by the field's dotted path. */
export type NodeDrafts = Readonly<Record<string, Readonly<Record<string, string>>>>;

export function keepDraft(
  drafts: NodeDrafts,
  node: string,
  field: string,
  text: string | null,
): NodeDrafts {
  const before = drafts[node] ?? {};
  const after = withDraft(before, field, text);
  if (after === before) return drafts;
  const others = Object.entries(drafts).filter(([path]) => path !== node);
  return Object.fromEntries(
    Object.keys(after).length > 0 ? [...others, [node, after]] : others,
  ) as NodeDrafts;
}

/** The node, and with it whatever lies in its body, is called otherwise. */
export function renameDrafts(drafts: NodeDrafts, from: string, to: string): NodeDrafts {
  return Object.fromEntries(
    Object.entries(drafts).map(([path, texts]) => [
      path === from || path.startsWith(`${from}.`) ? to + path.slice(from.length) : path,
      texts,
    ]),
  );
}

/** An execution would use what was there before, so each is an error. */
export function draftProblems(drafts: NodeDrafts): Problem[] {
  return Object.entries(drafts).flatMap(([node_id, texts]) =>
    Object.entries(texts).map(([field, text]): Problem => ({
      node_id,
      field,
      code: "half_typed",
      message: why(text),
      severity: "error",
    })),
  );
}

function why(text: string): string {
  try {
    parseJson(text);
    return "This value is not saved yet. Open the field to check it.";
  } catch (error) {
    return notJson(error);
  }
}

const nameOf = (place: string) => `drafts.${place}`;

/** `place`: one person's and one flow's, as for what is unsaved. */
export function readDrafts(place: string): NodeDrafts {
  try {
    return (JSON.parse(readStored(nameOf(place)) ?? "{}") ?? {}) as NodeDrafts;
  } catch {
    // Somebody else wrote it: there is nothing to go on with.
    return {};
  }
}

export function writeDrafts(place: string, drafts: NodeDrafts): void {
  const none = Object.keys(drafts).length === 0;
  writeStored(nameOf(place), none ? null : JSON.stringify(drafts));
}
