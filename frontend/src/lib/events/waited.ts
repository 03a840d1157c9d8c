/** Work and waiting apart: who waits for a person, a time or another try does nothing meanwhile. */
import type { NodeState } from "./state";

/** Milliseconds that are over, and since when (RFC 3339) it waits again; null while it does not. */
export type Waited = { ms: number; since: string | null };

export const NEVER: Waited = { ms: 0, since: null };

/** Ends the wait that is under way, if one is. */
export function endWait({ ms, since }: Waited, at: string): Waited {
  return { ms: ms + (since === null ? 0 : between(since, at)), since: null };
}

/** What a node has waited within its attempts, and between one and the next. */
export function waitedOf({ attempts, status }: Pick<NodeState, "attempts" | "status">): Waited {
  let waited = NEVER;
  attempts.forEach(({ waits_from, finished_at }, index) => {
    if (waits_from !== null) waited = { ms: waited.ms, since: waits_from };
    if (finished_at === null) return;
    waited = endWait(waited, finished_at);
    const next = attempts[index + 1];
    if (next) waited = endWait({ ms: waited.ms, since: finished_at }, next.started_at);
    // It is to be tried again.
    else if (status === "waiting") waited = { ms: waited.ms, since: finished_at };
  });
  return waited;
}

/** How long something has worked and waited from its begin to its end, or until `now` while it lasts. */
export function spentOf(
  from: string,
  to: string | null | undefined,
  waited: Waited,
  now: number,
): { workMs: number; waitedMs: number } {
  const end = to ? Date.parse(to) : now;
  const since = waited.since === null ? 0 : Math.max(0, end - Date.parse(waited.since));
  const waitedMs = waited.ms + since;
  return { workMs: Math.max(0, end - Date.parse(from) - waitedMs), waitedMs };
}

function between(from: string, to: string): number {
  return Math.max(0, Date.parse(to) - Date.parse(from));
}
