/**
 * Saves a flow by itself: shortly after each change, one request at a time, in order, and never more often than the server
 * takes. What fails and may pass is tried again, later each time.
 */
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

export type Draft = Omit<FlowChange, "version">;

/** What the server is not known to have, the version it was made from, and saves that no answer came to. */
export type Unsaved = FlowChange & { unanswered?: Draft[] };

const MOST_UNANSWERED = 20;
/** Together with what else a page asks, well below the shipped limit of 100 requests a minute. */
const PAUSE_MS = 2_000;
const LONGEST_RETRY_MS = 60_000;
/** Those who were refused together do not come again together. */
const SPREAD_MS = 500;

export type AutosaveOptions = {
  version: number;
  /** Saves of an earlier page that no answer came to. */
  unanswered?: Draft[];
  /** `leaving`: the page closes, so the request has to outlive it. */
  save: (change: FlowChange, leaving: boolean) => Promise<{ version: number }>;
  /** What the server holds now: to save over it, or to see that it is our own. */
  current: () => Promise<Pick<FlowRecord, "version" | "name" | "definition">>;
  onState: (state: SaveState) => void;
  /** How long after the last change it saves. */
  delayMs?: number;
  /** How far apart two saves begin that nobody asked for. */
  pauseMs?: number;
  /** How long after it failed for a reason that may pass; each time twice as long. */
  retryMs?: number;
};

export type Autosave = ReturnType<typeof createAutosave>;

export function createAutosave({
  save,
  current,
  onState,
  delayMs = 800,
  pauseMs = PAUSE_MS,
  retryMs = 2_000,
  ...given
}: AutosaveOptions) {
  let version = given.version;
  let draft: Draft = {};
  let sending: Draft = {};
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: Promise<boolean> | null = null;
  let conflict = false;
  let left = false;
  /** The server does not take what there is, and would say so again. */
  let refused = false;
  /** In a row, for reasons that may pass. */
  let failures = 0;
  /** When it may save by itself again, in milliseconds of the clock. */
  let notBefore = 0;
  let unanswered: Draft[] = given.unanswered ?? [];

  const pending = () => Object.keys(draft).length > 0;
  const noted = (change: Draft) => [...unanswered, change].slice(-MOST_UNANSWERED);

  /** Saves by itself, `ms` from now or as soon as it may. */
  function plan(ms: number): void {
    clearTimeout(timer);
    timer = setTimeout(() => void sendOnce(), Math.max(ms, notBefore - Date.now()));
  }

  function sendOnce(): Promise<boolean> {
    running ??= send().then((sent) => {
      running = null;
      // What was changed meanwhile; a failure has planned for itself.
      if (sent && pending() && !left) plan(delayMs);
      return sent;
    });
    return running;
  }

  async function send(): Promise<boolean> {
    clearTimeout(timer);
    if (!pending() || conflict) return !conflict;
    const change = draft;
    draft = {};
    sending = change;
    notBefore = Date.now() + pauseMs;
    onState({ kind: "saving" });
    try {
      ({ version } = await save({ ...change, version }, false));
    } catch (error) {
      // What could not be saved is still to be saved, under what has been changed since.
      draft = { ...change, ...draft };
      sending = {};
      return fail(change, toApiError(error));
    }
    sending = {};
    unanswered = [];
    failures = 0;
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
    const passing = !isLasting(error);
    const again = passing && !left;
    failures = passing ? failures + 1 : 0;
    refused = !passing;
    if (passing) unanswered = noted(change);
    notBefore = Date.now() + (passing ? waitAfter(error) : pauseMs);
    onState({ kind: "failed", reason: error.message, again });
    if (again) plan(0);
    return false;
  }

  /** Milliseconds: what the server says, else twice as long each time. */
  function waitAfter({ retryAfter }: ApiError): number {
    if (retryAfter !== null) return retryAfter * 1000 + Math.random() * SPREAD_MS;
    return Math.min(LONGEST_RETRY_MS, retryMs * 2 ** (failures - 1));
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

  /** Sends all there is now, however short ago the last save was; true when the server has everything. */
  async function flush(): Promise<boolean> {
    clearTimeout(timer);
    if (running) await running;
    while (pending() && !conflict) if (!(await sendOnce())) return false;
    return !conflict;
  }

  return {
    flush,
    changed(change: Draft): void {
      draft = { ...draft, ...change };
      left = false;
      refused = false;
      // Said again, so that what is kept is the latest.
      if (conflict) return onState({ kind: "conflict" });
      onState({ kind: "unsaved" });
      plan(delayMs);
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
    /** What the server is not known to have; null for nothing. */
    get unsaved(): Unsaved | null {
      const change = { ...sending, ...draft };
      if (Object.keys(change).length === 0) return null;
      const sent = Object.keys(sending).length > 0 ? noted(sending) : unanswered;
      return { ...change, version, ...(sent.length > 0 ? { unanswered: sent } : {}) };
    },
    get dirty(): boolean {
      return pending() || running !== null;
    },
    /** Saves at once by itself, as the page may not be there much longer; not what was refused. */
    hasten(): void {
      if (!refused) void sendOnce();
    },
    /** Saves what there is, once: nobody waits for more. */
    leave(): Promise<boolean> {
      left = true;
      return flush();
    },
    /** The page closes: what there is goes out in a request that outlives it. Should the page come back, it knows it as its own. */
    close(): void {
      const change = { ...sending, ...draft };
      if (conflict || refused || Object.keys(change).length === 0) return;
      unanswered = noted(change);
      save({ ...change, version }, true).catch(() => {
        // Nobody is there to be told; this browser keeps it.
      });
    },
  };
}
