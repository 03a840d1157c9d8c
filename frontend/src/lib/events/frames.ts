/** What events do to bodies: iterations open and close, and all that goes on in one can be halted and revived. */
import { beginAttempt, endAttempt } from "./attempts";
import { ownerOf } from "./iterations";
import { touch, type Folding } from "./state";

/** One more iteration of the body begins. */
export function openIteration(state: Folding, path: string): void {
  const owner = ownerOf(path);
  const open = state.iterating.get(owner);
  if (open) open.add(path);
  else state.iterating.set(owner, new Set([path]));
}

/** Counts an iteration that came to its end, and one that is to be run again (-1). */
export function countIteration(
  state: Folding,
  path: string,
  failed: boolean,
  by: 1 | -1 = 1,
): void {
  const owner = touch(state, ownerOf(path));
  const { iterationCounts } = owner;
  owner.iterationCounts = {
    over: iterationCounts.over + by,
    failed: iterationCounts.failed + (failed ? by : 0),
  };
}

/** An iteration is over; its failure, if it was one, is tolerated. */
export function closeIteration(state: Folding, path: string, at: string): void {
  const prefix = `${path}.`;
  clear(state, prefix, at);
  for (const inner of owners(state, prefix)) dropIterations(state, inner, at);
  state.iterating.get(ownerOf(path))?.delete(path);
  forgetHalted(state, prefix);
}

/** An iteration failed, and with it the node that runs it: the other iterations stop where they are. */
export function failIterations(state: Folding, path: string, at: string): void {
  const open = state.iterating.get(ownerOf(path)) ?? [];
  for (const iteration of open) halt(state, `${iteration}.`, at);
  for (const iteration of open) end(state, iteration, at);
}

/** The node needs its iterations no more. `forget` also removes what their nodes did: it begins again. */
export function dropIterations(
  state: Folding,
  path: string,
  at: string,
  { forget = false }: { forget?: boolean } = {},
): void {
  if (!state.iterating.has(path)) return;
  const prefix = `${path}[`;
  clear(state, prefix, at);
  // When its time is over, iterations are still open.
  for (const owner of [path, ...owners(state, prefix)]) {
    for (const place of [owner, ...(state.iterating.get(owner) ?? [])]) {
      if (place !== path) end(state, place, at);
    }
    state.iterating.delete(owner);
  }
  forgetHalted(state, prefix);
  if (!forget) return;
  for (const place of [...state.nodes.keys()]) {
    if (place.startsWith(prefix)) state.nodes.delete(place);
  }
}

/** A node failed and nobody handles it: what lies around it goes no further. */
export function fail(state: Folding, path: string, at: string): void {
  state.failed.add(path);
  halt(state, path.slice(0, path.lastIndexOf(".") + 1), at);
}

/** Nothing whose path begins so goes on; what was under way is kept for a resumption. */
export function halt(state: Folding, prefix: string, at: string): void {
  clear(state, prefix, at, true);
  for (const owner of owners(state, prefix)) end(state, owner, at);
  for (const open of state.iterating.values()) {
    for (const path of open) if (path.startsWith(prefix)) end(state, path, at);
  }
}

/** Everything that was halted can go on, and what failed begins again. */
export function revive(state: Folding, at: string): void {
  for (const path of [...state.failed, ...state.halted]) {
    const node = touch(state, path);
    node.status = "pending";
    node.finished_at = null;
    if (state.failed.has(path)) node.error = null;
  }
  state.failed.clear();
  state.halted.clear();
  for (const [owner, open] of state.iterating) {
    for (const path of [owner, ...open]) {
      const node = touch(state, path);
      if (node.status === "running") continue;
      if (path !== owner && node.status === "failed") countIteration(state, path, true, -1);
      node.status = "running";
      node.error = node.finished_at = null;
      beginAttempt(node, node.attempt, at);
    }
  }
}

function clear(state: Folding, prefix: string, at: string, keep = false): void {
  for (const lane of [state.running, state.retrying, state.waiting]) {
    for (const path of [...lane]) {
      if (!path.startsWith(prefix)) continue;
      lane.delete(path);
      if (keep) state.halted.add(path);
      end(state, path, at);
    }
  }
}

function end(state: Folding, path: string, at: string): void {
  const status = state.nodes.get(path)?.status;
  if (status !== "running" && status !== "waiting") return;
  const node = touch(state, path);
  node.status = "cancelled";
  node.finished_at = at;
  node.retry_at = null;
  endAttempt(node, "cancelled", at);
}

function owners(state: Folding, prefix: string): string[] {
  return [...state.iterating.keys()].filter((path) => path.startsWith(prefix));
}

function forgetHalted(state: Folding, prefix: string): void {
  for (const paths of [state.halted, state.failed]) {
    for (const path of paths) if (path.startsWith(prefix)) paths.delete(path);
  }
}
