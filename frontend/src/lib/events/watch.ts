/** Executions being watched in this tab: one stream and one store each, however many views look on. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { ApiError } from "../api/error";
import { foldEvent } from "./fold";
import { newFolding, snapshot, touch, type ExecutionState, type Folding } from "./state";
import { openStream, type Connection } from "./stream";
import { isFinal } from "./types";

export type WatchedState = {
  state: ExecutionState;
  connection: Connection;
  /** Why the connection failed or is being tried again. */
  error: ApiError | null;
};

export type Watched = {
  readonly executionId: string;
  readonly store: StoreApi<WatchedState>;
  folding: Folding;
  views: number;
  close: (() => void) | null;
};

/** Going back to an execution that was just looked at shows it at once. */
const KEPT = 4;
/** A hidden tab gets no animation frames. */
const HIDDEN_MS = 500;
/** Each state for views copies and is read as a whole: the more nodes there are, the fewer states a second. */
const NODES_PER_MS = 80;
const MOST_PAUSE_MS = 250;

const watched = new Map<string, Watched>();

/** The execution's store; nothing is fetched before `watch`. */
export function watchedOf(executionId: string): Watched {
  const known = watched.get(executionId);
  if (known) return known;
  const entry = newWatched(executionId);
  watched.set(executionId, entry);
  dropOldest();
  return entry;
}

export function newWatched(executionId: string): Watched {
  const folding = newFolding();
  const store = createStore<WatchedState>(() => ({
    state: snapshot(folding, null),
    connection: "idle",
    error: null,
  }));
  return { executionId, store, folding, views: 0, close: null };
}

/** Opens the stream for the first view; the last one to leave closes it. */
export function watch(entry: Watched): () => void {
  // Most recently looked at comes last.
  watched.delete(entry.executionId);
  watched.set(entry.executionId, entry);
  entry.views += 1;
  if (entry.close === null) open(entry);
  return () => {
    entry.views -= 1;
    // A view that is only being replaced comes back within the same turn.
    setTimeout(() => entry.views === 0 && close(entry), 0);
  };
}

/** Tries again at once after a failure; an execution that was over may have been resumed. */
export function reopen(entry: Watched): void {
  close(entry);
  entry.store.setState({ connection: "idle", error: null });
  open(entry);
}

/** Names the nodes of the flow, so that those not reached yet are shown as pending. */
export function expectNodes(entry: Watched, ids: Iterable<string>): void {
  const fresh = [...ids].filter((id) => !entry.folding.nodes.has(id));
  if (fresh.length === 0) return;
  for (const id of fresh) touch(entry.folding, id);
  publish(entry);
}

function open(entry: Watched): void {
  const { folding, store } = entry;
  if (isFinal(folding.status) && store.getState().connection === "ended") return;
  const frame = frames(
    () => publish(entry),
    () => Math.min(MOST_PAUSE_MS, folding.nodes.size / NODES_PER_MS),
  );
  const stop = openStream({
    executionId: entry.executionId,
    lastSeq: () => folding.seq,
    onEvent(event, allowGap) {
      const folded = foldEvent(folding, event, { allowGap });
      if (folded === "applied") frame.request();
      return folded;
    },
    onConnection(connection, error) {
      // What came before is shown before the connection is said to have ended.
      if (connection === "ended") frame.now();
      store.setState({ connection, error });
    },
  });
  entry.close = () => {
    stop();
    frame.now();
  };
}

function close(entry: Watched): void {
  entry.close?.();
  entry.close = null;
  const { connection } = entry.store.getState();
  if (connection !== "ended") entry.store.setState({ connection: "idle", error: null });
}

function publish({ store, folding }: Watched): void {
  store.setState(({ state }) => ({ state: snapshot(folding, state) }));
}

function dropOldest(): void {
  for (const [id, entry] of watched) {
    if (watched.size <= KEPT) return;
    if (entry.views === 0 && entry.close === null) watched.delete(id);
  }
}

/** Runs `task` at most once a frame and `pause` milliseconds, however often it is requested. */
function frames(task: () => void, pause: () => number): { request: () => void; now: () => void } {
  let cancel: (() => void) | null = null;
  let last = -Infinity;
  const run = () => {
    cancel?.();
    cancel = null;
    task();
    last = performance.now();
  };
  return {
    request() {
      if (cancel !== null) return;
      let frame = requestAnimationFrame(function look() {
        if (performance.now() - last >= pause()) run();
        else frame = requestAnimationFrame(look);
      });
      const timer = setTimeout(run, HIDDEN_MS);
      cancel = () => {
        cancelAnimationFrame(frame);
        clearTimeout(timer);
      };
    },
    now() {
      if (cancel !== null) run();
    },
  };
}
