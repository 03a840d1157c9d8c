/** How a value is best read, and sums over an execution that is under way. */
import { addUsage, type ExecutionState, type Json, type NodeState, type Usage } from "@/lib/events";

export type Reading = "markdown" | "table" | "tree" | "text" | "json";

export const readingNames: Record<Reading, string> = {
  markdown: "Formatted",
  table: "Table",
  tree: "Tree",
  text: "Text",
  json: "JSON",
};

/** The ways that make sense for the value, the best first. */
export function readingsOf(value: Json): Reading[] {
  if (typeof value === "string") return ["markdown", "text"];
  if (value === null || typeof value !== "object") return ["text"];
  return isTable(value) ? ["table", "tree", "json"] : ["tree", "json"];
}

/** Rows of plain values under the same few names. */
export function isTable(value: Json): value is Record<string, Json>[] {
  if (!Array.isArray(value) || value.length === 0) return false;
  const plain = (cell: Json) => cell === null || typeof cell !== "object";
  const row = (item: Json) =>
    item !== null &&
    typeof item === "object" &&
    !Array.isArray(item) &&
    Object.values(item).every(plain);
  return value.every(row) && columnsOf(value as Record<string, Json>[]).length <= 12;
}

export function columnsOf(rows: Record<string, Json>[]): string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row)))];
}

/** Everything used so far, with the calls of attempts that are still running. */
export function usageSoFar({ usage, nodes }: ExecutionState): Usage {
  let sum = usage;
  for (const { pending_usage } of nodes.values()) {
    if (pending_usage.total_tokens > 0 || pending_usage.llm_calls > 0) {
      sum = addUsage(sum, pending_usage);
    }
  }
  return sum;
}

/** Whether the price of each call is known; without it the cost says less than was spent. */
export function isPriced({ calls }: NodeState): boolean {
  return calls.every(({ priced }) => priced);
}

/** The same of an execution. */
export function areAllPriced({ nodes }: ExecutionState): boolean {
  for (const node of nodes.values()) if (!isPriced(node)) return false;
  return true;
}

/** Whether the path leads into a body. */
function isInner(path: string): boolean {
  return path.includes("[");
}

const order = ["failed", "running", "waiting"] as const;

/** The node to look at while the person has chosen none: what failed, runs, or came last. */
export function itemInFocus(state: ExecutionState): string | null {
  for (const status of order) {
    for (const [id, node] of state.nodes) if (node.status === status && !isInner(id)) return id;
  }
  let last: string | null = null;
  let at = "";
  for (const [id, { started_at, text }] of state.nodes) {
    // Nodes where a model spoke are more telling than those that pass values on.
    const key = started_at === null ? "" : (text.length > 0 ? "1" : "0") + started_at;
    if (key > at && !isInner(id)) [last, at] = [id, key];
  }
  return last;
}

const settled = new Set(["completed", "failed", "skipped", "cancelled"]);

export function progressOf({ nodes }: ExecutionState): { done: number; total: number } {
  let done = 0;
  let total = 0;
  for (const [id, { status }] of nodes) {
    if (isInner(id)) continue;
    total += 1;
    if (settled.has(status)) done += 1;
  }
  return { done, total };
}
