/** Saves a flow by itself: shortly after each change, one request at a time, in order. */
import { isLasting, toApiError, type ApiError } from "@/lib/api/error";
import { sameJson } from "@/lib/json";
import type { FlowChange, FlowRecord } from "./api";

export type SaveState =
  | { kind: "saved" }
  | { kind: "unsaved" }
  | { kind: "saving" }
  /** The server refused or was not reached; the next change or a `flush` tries again, and `again` says that it does so by itself. */
  | { kind: "failed"; reason: string; again: boolean }
  /** Somebody else saved in the meantime. */
  | { kind: "conflict" };

type Draft = Omit<FlowChange, "version">;

const MOST_UNANSWERED = 20;

export type AutosaveOptions = {
  version: number;
  save: (change: FlowChange) => Promise<{ version: number }>;
  /** What the server holds now: to save over it, or to see that it is our own. */
  current: () => Promise<Pick<FlowRecord, "version" | "name" | "definition">>;
  onState: (state: SaveState) => void;
  /** How long after the last change it saves. */
  delayMs?: number;
  /** How long after it failed for a reason that may pass. */
  retryMs?: number;
};

export type Autosave = ReturnType<typeof createAutosave>;

export function createAutosave({
  save,
  current,
  onState,
  delayMs = 800,
  retryMs = 10_000,
  ...given
}: AutosaveOptions) {
  let version = given.version;
  let draft: Draft = {};
  let sending: Draft = {};
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: Promise<boolean> | null = null;
  let conflict = false;
  let left = false;
  // Saves that no answer came to: the server may have got them.
  let unanswered: Draft[] = [];

  const pending = () => Object.keys(draft).length > 0;

  async function send(): Promise<boolean> {
    const change = draft;
    draft = {};
    sending = change;
    onState({ kind: "saving" });
    try {
      ({ version } = await save({ ...change, version }));
    } catch (error) {
      // What could not be saved is still to be saved, under what has been changed since.
      draft = { ...change, ...draft };
      sending = {};
      return fail(change, toApiError(error));
    }
    sending = {};
    unanswered = [];
    onState({ kind: pending() ? "unsaved" : "saved" });
    return true;
  }

  /** True when it can go on at once. */
  async function fail(change: Draft, error: ApiError): Promise<boolean> {
    if (error.status === 409 && (await isOurs())) return true;
    conflict = error.status === 409;
    if (conflict) {
      onState({ kind: "conflict" });
      return false;
    }
    const again = !isLasting(error) && !left;
    if (!isLasting(error)) unanswered = [...unanswered, change].slice(-MOST_UNANSWERED);
    onState({ kind: "failed", reason: error.message, again });
    if (again) timer = setTimeout(() => void flush(), retryMs);
    return false;
  }

  /** Whether the server has what we sent and never heard of again; if so, it is what we go on from. */
  async function isOurs(): Promise<boolean> {
    if (unanswered.length === 0) return false;
    try {
      const held = await current();
      const ours =
        // One save and no more since ours was made: nobody else's is below it.
        held.version === version + 1 &&
        unanswered.some(
          ({ name = held.name, definition }) =>
            name === held.name &&
            (definition === undefined || sameJson(definition, held.definition)),
        );
      if (!ours) return false;
      version = held.version;
      unanswered = [];
      return true;
    } catch {
      return false;
    }
  }

  /** Sends all there is now; true when the server has everything. */
  async function flush(): Promise<boolean> {
    clearTimeout(timer);
    if (running) await running;
    while (pending() && !conflict) {
      running = send();
      const saved = await running;
      running = null;
      if (!saved) return false;
    }
    return !conflict;
  }

  return {
    flush,
    changed(change: Draft): void {
      draft = { ...draft, ...change };
      left = false;
      // Said again, so that what is kept is the latest.
      if (conflict) return onState({ kind: "conflict" });
      onState({ kind: "unsaved" });
      clearTimeout(timer);
      timer = setTimeout(() => void flush(), delayMs);
    },
    /** Saves over what somebody else saved; rejects, and changes nothing, when the server does not say what that is. */
    async overwrite(): Promise<boolean> {
      ({ version } = await current());
      conflict = false;
      return flush();
    },
    /** Forgets the own changes and goes on from what the server has. */
    adopt(next: number): void {
      clearTimeout(timer);
      version = next;
      draft = {};
      unanswered = [];
      conflict = false;
      onState({ kind: "saved" });
    },
    /** What the server is not known to have, and the version it was made from; null for nothing. */
    get unsaved(): FlowChange | null {
      const change = { ...sending, ...draft };
      return Object.keys(change).length > 0 ? { ...change, version } : null;
    },
    get dirty(): boolean {
      return pending() || running !== null;
    },
    /** Saves what there is, once: nobody waits for more. */
    leave(): Promise<boolean> {
      left = true;
      return flush();
    },
  };
}
