/** Undo and redo over immutable values; edits of one gesture or one burst of typing are one step. */

const LIMIT = 200;
/** Typing that pauses longer than this begins a new step. */
export const TYPING_GAP_MS = 1000;

export type History<Value> = {
  past: Value[];
  present: Value;
  future: Value[];
  /** The running group: its key, and until when (ms since the epoch) an edit still belongs to it. */
  group: { key: string; until: number } | null;
};

export type Grouping = { key: string; gapMs?: number };

export function begin<Value>(present: Value): History<Value> {
  return { past: [], present, future: [], group: null };
}

/** Records the next value; within a running group it takes the place of the present one. */
export function record<Value>(
  history: History<Value>,
  next: Value,
  grouping: Grouping | null,
  now: number,
): History<Value> {
  if (Object.is(next, history.present)) return history;
  const running = history.group;
  const { key, gapMs = TYPING_GAP_MS } = grouping ?? {};
  const group = key === undefined ? null : { key, until: now + gapMs };
  const joins = running !== null && running.key === key && now <= running.until;
  const past = joins ? history.past : [...history.past, history.present].slice(-LIMIT);
  return { past, present: next, future: [], group };
}

/** Ends the running group: what comes next is a step of its own. */
export function seal<Value>(history: History<Value>): History<Value> {
  return history.group === null ? history : { ...history, group: null };
}

export function undo<Value>(history: History<Value>): History<Value> {
  const previous = history.past.at(-1);
  if (previous === undefined) return history;
  return {
    past: history.past.slice(0, -1),
    present: previous,
    future: [history.present, ...history.future],
    group: null,
  };
}

export function redo<Value>(history: History<Value>): History<Value> {
  const [next, ...future] = history.future;
  if (next === undefined) return history;
  return { past: [...history.past, history.present], present: next, future, group: null };
}
