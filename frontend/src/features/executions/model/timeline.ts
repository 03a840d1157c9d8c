/** Where the bars of a timeline stand: everything as a share of the time that is shown. */
import type { ExecutionState, NodeState } from "@/lib/events";

export type BarStatus = "running" | "waiting" | "completed" | "failed" | "cancelled";

/** `left` and `width` are percentages of the axis. */
export type Bar = {
  key: string;
  left: number;
  width: number;
  status: BarStatus;
  /** What the bar is, for its tooltip. */
  label: string;
  ms: number;
};

export type Axis = { begin: number; span: number };

const MIN_SPAN_MS = 500;

/** The present of the execution: the page's clock ticks by the second, and events may be ahead of it. */
export function presentOf({ events, event_count }: ExecutionState, now: number): number {
  const last = events[event_count - 1];
  return last ? Math.max(now, Date.parse(last.timestamp)) : now;
}

/** From the first moment of the execution to its end, or to `now` while it lasts. */
export function axisOf(state: ExecutionState, now: number): Axis {
  const begin = Date.parse(state.started_at ?? state.queued_at ?? "") || now;
  const end = state.finished_at ? Date.parse(state.finished_at) : now;
  return { begin, span: Math.max(MIN_SPAN_MS, end - begin) };
}

const STEPS = [1, 2, 5];

/** Pixels that the time at a tick needs. */
const TICK_ROOM = 60;

/** As many round times as stand side by side on an axis of so many pixels; none whose words would go beyond its end. */
export function ticksWithin(axis: Axis, width: number): number[] {
  const most = Math.floor(width / TICK_ROOM);
  if (most < 1) return [0];
  return ticksOf(axis, most).filter(
    (at) => at === 0 || (at / axis.span) * width <= width - TICK_ROOM,
  );
}

/** Round times on the axis, in milliseconds from its beginning, at most `most` of them. */
export function ticksOf({ span }: Axis, most = 6): number[] {
  let unit = 1;
  let step = unit;
  for (let index = 0; span / step > most; index += 1) {
    if (index > 0 && index % STEPS.length === 0) unit *= 10;
    step = unit * (STEPS[index % STEPS.length] ?? 1);
  }
  // Above a minute people count in sixties.
  if (step > 20_000) step = sixties(step);
  const ticks = [];
  for (let at = 0; at <= span; at += step) ticks.push(at);
  return ticks;
}

const HOUR = 3_600_000;

/** Whole minutes, and from an hour on whole hours: rounded up, so that there are no more ticks than before. */
function sixties(step: number): number {
  const unit = step > HOUR / 2 ? HOUR : 60_000;
  return Math.ceil(step / unit) * unit;
}

/** One bar for each attempt, and a waiting one between an attempt and the next. */
export function nodeBars(node: NodeState, axis: Axis, now: number): Bar[] {
  const bars: Bar[] = [];
  node.attempts.forEach((attempt, index) => {
    const from = Date.parse(attempt.started_at);
    const to = attempt.finished_at ? Date.parse(attempt.finished_at) : now;
    const next = node.attempts[index + 1];
    const many = node.attempts.length > 1 ? `Attempt ${attempt.attempt}` : "";
    const reason = attempt.error?.message ?? "";
    const label = [many, reason].filter(Boolean).join(": ");
    const pause = attempt.waits_from ? Date.parse(attempt.waits_from) : to;
    bars.push(bar(`attempt-${index}`, attempt.status, label, from, pause, axis));
    if (pause < to) bars.push(bar(`pause-${index}`, "waiting", "Waiting", pause, to, axis));
    const waits = attempt.status === "failed" && (next || node.status === "waiting");
    if (waits) {
      const until = next ? Date.parse(next.started_at) : now;
      bars.push(bar(`wait-${index}`, "waiting", "Waiting for the next attempt", to, until, axis));
    }
  });
  return bars;
}

/** How many bars `innerBars` gives. */
export function innerCount({ tasks, calls, tools }: NodeState): number {
  return tasks.length + calls.length + tools.length;
}

/** What happened inside a node: its tasks, model calls and tool calls, in order of their start. */
export function innerBars(node: NodeState, axis: Axis, now: number): (Bar & { name: string })[] {
  // What never told its end ended with its attempt.
  const ends = new Map(node.attempts.map((one) => [one.attempt, one.finished_at]));
  const endOf = (attempt: number) => Date.parse(ends.get(attempt) ?? "") || now;
  const parts = [
    ...node.tasks.map(({ task, status, attempt, started_at, finished_at }) => {
      const to = finished_at ? Date.parse(finished_at) : endOf(attempt);
      return { name: task, kind: "Task", status, from: Date.parse(started_at), to };
    }),
    ...node.calls.map(({ model, status, attempt, started_at, duration_ms }) => {
      const from = Date.parse(started_at);
      const to = duration_ms === null ? endOf(attempt) : from + duration_ms;
      return { name: model || "Model call", kind: "Model call", status, from, to };
    }),
    ...node.tools.map(({ tool, status, attempt, started_at, duration_ms }) => {
      const from = Date.parse(started_at);
      const to = duration_ms === null ? endOf(attempt) : from + duration_ms;
      return { name: tool, kind: "Tool call", status, from, to };
    }),
  ];
  return parts
    .sort((one, other) => one.from - other.from)
    .map(({ name, kind, status, from, to }, index) => ({
      ...bar(`${kind}-${index}`, status, kind, from, to, axis),
      name,
    }));
}

function bar(
  key: string,
  status: BarStatus,
  label: string,
  from: number,
  to: number,
  { begin, span }: Axis,
): Bar {
  const start = Math.min(span, Math.max(0, from - begin));
  const stop = Math.min(span, Math.max(start, to - begin));
  const width = ((stop - start) / span) * 100;
  return { key, status, label, left: (start / span) * 100, width, ms: Math.max(0, to - from) };
}
