"use client";

/** Every event of an execution in order; only the rows in view exist, so a hundred thousand scroll well. */
import { useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { CopyButton } from "@/components/copy-button";
import { FilterChips } from "@/components/filter-chips";
import { JsonView } from "@/components/json-view";
import { Select } from "@/components/select";
import { Switch } from "@/components/switch";
import { cn } from "@/lib/cn";
import { isFinal, type EventType, type ExecutionEvent } from "@/lib/events";
import { formatDuration } from "@/lib/format";
import { eventLine, eventsBefore, groupNames, matches, type EventGroup } from "../model/event-line";
import { eventPlace } from "../model/outline";
import type { LiveExecution } from "../use-live-execution";
import { writeJson } from "@/lib/json";

const ROW = 26;
/** Rows beyond the view on each side. */
const MARGIN = 10;
const ANY = "any";

type EventListProps = { execution: LiveExecution; className?: string };

export function EventList({ execution: { state, items, itemAt }, className }: EventListProps) {
  const [group, setGroup] = useState<EventGroup | null>(null);
  const [nodeId, setNodeId] = useState<string | null>(null);
  const [tokens, setTokens] = useState(false);
  const [open, setOpen] = useState<number | null>(null);
  const { events, event_count: count } = state;
  const shown = useMemo(
    () => events.slice(0, count).filter((event) => matches(event, { group, nodeId, tokens })),
    [events, count, group, nodeId, tokens],
  );
  const before = useMemo(() => eventsBefore(events.slice(0, count)), [events, count]);
  const opened = shown.find(({ seq }) => seq === open);
  const nameOf = useCallback((id: string) => eventPlace(id, itemAt), [itemAt]);
  return (
    <div className={cn("flex min-h-0 flex-col", className)}>
      <div className="flex shrink-0 flex-wrap items-center gap-2 border-b px-4 py-2">
        <FilterChips
          label="Kind of event"
          chips={Object.entries(groupNames).map(([value, label]) => ({
            value: value as EventGroup,
            label,
          }))}
          value={group}
          onChange={setGroup}
        />
        <Select
          aria-label="Node"
          className="h-7 w-28"
          value={nodeId ?? ANY}
          onChange={(value) => setNodeId(value === ANY ? null : value)}
          options={[
            { value: ANY, label: "All nodes" },
            ...items.map(({ id, name }) => ({ value: id, label: name })),
          ]}
        />
        <label className="flex items-center gap-2 text-muted">
          <Switch checked={tokens} onChange={setTokens} aria-label="Streamed text" />
          Streamed text
        </label>
        <span className="ml-auto flex items-center gap-1 text-xs text-muted tabular-nums">
          {shown.length} of {count}
          <CopyButton text={() => writeJson(shown, 2)} label="Copy these events as JSON" />
        </span>
      </div>
      {state.missing > 0 && (
        <p className="border-b px-4 py-1.5 text-xs text-muted">
          {state.missing} events of the trace are no longer stored.
        </p>
      )}
      <div className="flex min-h-0 flex-1">
        <Rows
          events={shown}
          nameOf={nameOf}
          before={before}
          begin={state.queued_at}
          open={open}
          onOpen={setOpen}
          live={!isFinal(state.status)}
        />
        {opened && (
          <div className="w-2/5 max-w-120 shrink-0 overflow-auto border-l p-3">
            <JsonView value={opened} depth={3} />
          </div>
        )}
      </div>
    </div>
  );
}

type RowsProps = {
  events: ExecutionEvent[];
  nameOf: (id: string) => string;
  /** Of eventsBefore. */
  before: ReadonlyMap<number, EventType>;
  begin: string | null;
  open: number | null;
  onOpen: (seq: number | null) => void;
  live: boolean;
};

function Rows({ events, nameOf, before, begin, open, onOpen, live }: RowsProps) {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600, following: true });
  const { length } = events;

  useEffect(() => {
    if (view.following && live && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [view.following, live, length]);

  function onScroll() {
    const { scrollTop: top, clientHeight: height, scrollHeight } = box.current ?? document.body;
    setView({ top, height, following: scrollHeight - top - height < ROW });
  }
  const first = Math.max(0, Math.floor(view.top / ROW) - MARGIN);
  const last = Math.min(length, Math.ceil((view.top + view.height) / ROW) + MARGIN);
  return (
    <div
      ref={box}
      role="region"
      aria-label="Events"
      tabIndex={0}
      onScroll={onScroll}
      onKeyDown={walk}
      className="min-w-0 flex-1 overflow-y-auto -outline-offset-2"
    >
      {length === 0 && <p className="px-4 py-6 text-muted">No events match.</p>}
      <ol style={{ height: length * ROW, paddingTop: first * ROW }}>
        {events.slice(first, last).map((event) => (
          <li key={event.seq}>
            <button
              type="button"
              aria-expanded={event.seq === open}
              onClick={() => onOpen(event.seq === open ? null : event.seq)}
              style={{ height: ROW }}
              className={cn(
                "flex w-full items-center gap-3 px-4 text-left text-xs -outline-offset-2 hover:bg-hover",
                event.seq === open && "bg-accent-soft",
              )}
            >
              <span className="w-10 shrink-0 text-right font-mono text-muted tabular-nums">
                {event.seq}
              </span>
              <span
                className={cn(
                  "w-16 shrink-0 text-right text-muted tabular-nums",
                  open !== null && "hidden",
                )}
              >
                {begin ? `+${formatDuration(Date.parse(event.timestamp) - Date.parse(begin))}` : ""}
              </span>
              <span className={cn("w-36 shrink-0 truncate font-mono", tone(event.type))}>
                {event.type}
              </span>
              <span className="w-28 shrink-0 truncate">
                {event.node_id === null ? "" : nameOf(event.node_id)}
              </span>
              <span className="min-w-0 flex-1 truncate text-muted">
                {eventLine(event, before.get(event.seq))}
              </span>
            </button>
          </li>
        ))}
      </ol>
    </div>
  );
}

function tone(type: string): string {
  if (type.endsWith("_failed")) return "text-failed";
  if (type.endsWith("_retrying") || type === "llm_failover") return "text-waiting";
  return type.endsWith("_completed") ? "text-completed" : "text-text";
}

function walk(event: KeyboardEvent<HTMLDivElement>) {
  const row = document.activeElement?.closest("li");
  const beside = { ArrowDown: row?.nextElementSibling, ArrowUp: row?.previousElementSibling };
  const next = beside[event.key as keyof typeof beside]?.querySelector("button");
  if (!next) return;
  event.preventDefault();
  next.focus();
}
