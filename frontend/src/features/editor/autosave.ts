/** Saves a flow by itself: shortly after each change, one request at a time, in order. */
import { toApiError } from "@/lib/api/error";
import type { FlowChange } from "./api";

export type SaveState =
  | { kind: "saved" }
  | { kind: "unsaved" }
  | { kind: "saving" }
  /** The server refused or was not reached; the next change or `retry` tries again. */
  | { kind: "failed"; reason: string }
  /** Somebody else saved in the meantime. */
  | { kind: "conflict" };

type Draft = Omit<FlowChange, "version">;

export type AutosaveOptions = {
  version: number;
  save: (change: FlowChange) => Promise<{ version: number }>;
  /** The version the server holds now, for overwriting. */
  current: () => Promise<number>;
  onState: (state: SaveState) => void;
  /** How long after the last change it saves. */
  delayMs?: number;
};

export type Autosave = ReturnType<typeof createAutosave>;

export function createAutosave({
  save,
  current,
  onState,
  delayMs = 800,
  ...given
}: AutosaveOptions) {
  let version = given.version;
  let draft: Draft = {};
  let sending: Draft = {};
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: Promise<boolean> | null = null;
  let conflict = false;

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
      const { status, message } = toApiError(error);
      conflict = status === 409;
      onState(conflict ? { kind: "conflict" } : { kind: "failed", reason: message });
      return false;
    }
    sending = {};
    onState({ kind: pending() ? "unsaved" : "saved" });
    return true;
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
      if (conflict) return;
      onState({ kind: "unsaved" });
      clearTimeout(timer);
      timer = setTimeout(() => void flush(), delayMs);
    },
    /** Saves over what somebody else saved. */
    async overwrite(): Promise<boolean> {
      try {
        version = await current();
      } catch (error) {
        onState({ kind: "failed", reason: toApiError(error).message });
        return false;
      }
      conflict = false;
      return flush();
    },
    /** Forgets the own changes and goes on from what the server has. */
    adopt(next: number): void {
      clearTimeout(timer);
      version = next;
      draft = {};
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
    dispose: () => clearTimeout(timer),
  };
}
