/** An event in one line, and the groups that people filter by. */
import type { EventType, ExecutionEvent } from "@/lib/events";
import { formatExact } from "@/lib/format";

export type EventGroup = "execution" | "node" | "task" | "llm" | "tool" | "log";

export const groupNames: Record<EventGroup, string> = {
  execution: "Execution",
  node: "Nodes",
  task: "Tasks",
  llm: "Model calls",
  tool: "Tools",
  log: "Log",
};

export function groupOf(type: EventType): EventGroup {
  return (type.split("_")[0] ?? "log") as EventGroup;
}

export type EventFilter = {
  group: EventGroup | null;
  nodeId: string | null;
  /** Pieces of streamed text, of which there are many. */
  tokens: boolean;
};

export function matches(event: ExecutionEvent, { group, nodeId, tokens }: EventFilter): boolean {
  if (!tokens && event.type === "llm_token") return false;
  if (group !== null && groupOf(event.type) !== group) return false;
  if (nodeId === null || event.node_id === nodeId) return true;
  // What happened in its body belongs to it.
  return event.node_id?.startsWith(`${nodeId}[`) ?? false;
}

/** Of each event of the execution itself, by its number, the type of the one before: it tells what the event means. */
export function eventsBefore(events: readonly ExecutionEvent[]): Map<number, EventType> {
  const found = new Map<number, EventType>();
  let last: EventType | undefined;
  for (const { seq, type } of events) {
    if (groupOf(type) !== "execution") continue;
    if (last) found.set(seq, last);
    last = type;
  }
  return found;
}

/** What the event says, without its type and node. `before` is the type of the execution's own event before it. */
export function eventLine(event: ExecutionEvent, before?: EventType): string {
  switch (event.type) {
    case "execution_queued":
      return [
        event.data.version ? `version ${event.data.version}` : "the draft",
        event.data.forked_from ? `forked at ${event.data.forked_from.from_node}` : "",
      ]
        .filter(Boolean)
        .join(", ");
    case "execution_waiting":
      return event.data.reason === "paused" ? "paused" : untilWords(event.data.until);
    case "node_waiting":
      return untilWords(event.data.until);
    case "execution_started":
      return event.data.epoch > 1 ? takenUp(event.data.epoch) : "";
    case "execution_resumed":
      return resumption(event.data.epoch, before) + listed(event.data.interrupted ?? []);
    case "execution_failed":
    case "node_failed":
    case "tool_failed":
    case "llm_failed":
      return event.data.error.message;
    case "execution_cancelled":
      return event.data.reason ?? "";
    case "node_started":
      return event.data.attempt > 1 ? `attempt ${event.data.attempt}` : "";
    case "node_completed":
      return event.data.handle ? `to “${event.data.handle}”` : "";
    case "node_retrying":
      return `attempt ${event.data.attempt} failed: ${event.data.error.message}`;
    case "task_started":
    case "task_completed":
      return `${event.data.task}, by ${event.data.agent}`;
    case "llm_started":
      return event.data.model;
    case "llm_token":
    case "tool_output":
      return event.data.text;
    case "llm_completed":
      return `${event.data.model}, ${event.data.usage.total_tokens} tokens`;
    case "llm_failover":
      return `${event.data.from_provider} to ${event.data.to_provider}: ${event.data.reason}`;
    case "tool_started":
    case "tool_completed":
      return event.data.tool;
    case "log":
      return event.data.message;
    default:
      return "";
  }
}

/** Somebody lets it go on; a worker then takes it up, also from one that was lost. */
function resumption(epoch: number, before?: EventType): string {
  if (before === "execution_waiting") return "continues after waiting";
  if (before === "execution_failed" || before === "execution_cancelled") {
    return "resumed by a person";
  }
  return before === "execution_resumed" || before === "execution_started"
    ? takenUp(epoch)
    : "continues";
}

function takenUp(epoch: number): string {
  return `taken by a worker (claim ${epoch})`;
}

function untilWords(until: string | null): string {
  return until ? `until ${formatExact(Date.parse(until))}` : "for an answer";
}

function listed(ids: string[]): string {
  return ids.length > 0 ? `; runs again: ${ids.join(", ")}` : "";
}
