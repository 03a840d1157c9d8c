"use client";

/** A Gantt of the execution: a row for each node, a bar for each attempt, and what the chosen node did. */
import { ChevronRight } from "lucide-react";
import { useState, type KeyboardEvent } from "react";
import { Button } from "@/components/button";
import { Duration } from "@/components/measures";
import { StatusIcon } from "@/components/status-badge";
import { useNow } from "@/lib/clock";
import { cn } from "@/lib/cn";
import { isFinal, spentOf, waitedOf, type NodeState } from "@/lib/events";
import { formatDuration, partWords } from "@/lib/format";
import { useSize } from "@/lib/use-size";
import { useWindow } from "@/lib/use-window";
import type { OutlineItem } from "../model/outline";
import { around, typeName } from "../model/outline";
import { PAGE, rowsOf } from "../model/rows";
import type { LiveExecution } from "../use-live-execution";
import {
  axisOf,
  innerBars,
  nodeBars,
  presentOf,
  innerCount,
  ticksWithin,
  type Axis,
  type Bar,
  type BarStatus,
} from "../model/timeline";

type TimelineProps = {
  execution: LiveExecution;
  selected: string | null;
  onSelect: (path: string) => void;
  className?: string;
};

const fills: Record<BarStatus, string> = {
  running: "bg-running",
  waiting: "bg-waiting/30 border border-dashed border-waiting",
  completed: "bg-completed",
  failed: "bg-failed",
  cancelled: "bg-idle",
};

export function Timeline({ execution, selected, onSelect, className }: TimelineProps) {
  const { state, items, detail } = execution;
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const [most, setMost] = useState<ReadonlyMap<string, number>>(new Map());
  const clock = useNow(state.started_at !== null && !isFinal(state.status));
  const now = presentOf(state, clock);
  const axis = axisOf(state, now);
  const folds = items.some(({ id }) => state.nodes.get(id)?.iterations != null);
  const rows = rowsOf(items, state, detail?.definition, opened, selected, most);
  /** What is chosen inside would open it again, so folding chooses the node itself. */
  function fold(path: string, open: boolean) {
    const next = new Set(opened);
    if (open) next.add(path);
    else next.delete(path);
    setOpened(next);
    if (!open && selected && around(selected).includes(path)) onSelect(path);
  }
  const heights = rows.map(({ item, cut }) => {
    const node = item.id === selected && !cut ? state.nodes.get(item.id) : undefined;
    return ROW + (node ? innerHeight(innerCount(node)) : 0);
  });
  const { ref, onScroll, first, last, above, below } = useWindow(heights);
  return (
    <div ref={ref} onScroll={onScroll} className={cn("@container overflow-auto", className)}>
      <div className="min-w-60 pb-1">
        <Scale axis={state.started_at ? axis : null} />
        {/* Only the rows in view exist, so that an execution of thousands of nodes opens at once. */}
        <ol aria-label="Nodes" onKeyDown={walk} style={{ paddingTop: above, paddingBottom: below }}>
          {rows
            .slice(first, last)
            .map(({ item, depth, open, cut }) =>
              cut ? (
                <Cut
                  key={`${item.id} cut`}
                  {...cut}
                  onMore={() => setMost(new Map(most).set(item.id, cut.listed + PAGE))}
                />
              ) : (
                <Row
                  key={item.id}
                  item={item}
                  depth={depth}
                  open={open}
                  folds={folds}
                  onFold={fold}
                  node={state.nodes.get(item.id)}
                  axis={axis}
                  now={now}
                  selected={item.id === selected}
                  onSelect={onSelect}
                />
              ),
            )}
        </ol>
      </div>
    </div>
  );
}

/** Where it is narrow, names give way to the bars. */
const columns =
  "grid grid-cols-[minmax(80px,112px)_minmax(64px,1fr)_48px] items-center gap-2 px-3 @md:grid-cols-[minmax(120px,160px)_1fr_72px] @md:gap-3 @md:px-4 @2xl:grid-cols-[220px_1fr_72px]";

/** Pixels, as the classes below have them. */
const ROW = 32;
const INNER_ROW = 24;
const INNER_EDGES = 9;

function innerHeight(count: number): number {
  return count === 0 ? 0 : Math.min(count, INNER_LIMIT) * INNER_ROW + INNER_EDGES;
}

/** Without an axis nothing has begun yet. */
function Scale({ axis }: { axis: Axis | null }) {
  const [ref, size] = useSize();
  return (
    <div
      aria-hidden
      className={cn(columns, "sticky top-0 z-10 h-7 border-b bg-background text-xs text-muted")}
    >
      <span>Node</span>
      <span ref={ref} className="relative h-4">
        {(axis && size ? ticksWithin(axis, size.width) : []).map((ms) => (
          <span
            key={ms}
            data-tick
            className="absolute border-l pl-1 whitespace-nowrap tabular-nums"
            style={{ left: `${(ms / (axis?.span ?? 1)) * 100}%` }}
          >
            {ms === 0 ? "0" : formatDuration(ms).replace(".0 ", " ")}
          </span>
        ))}
      </span>
      <span className="text-right">Time</span>
    </div>
  );
}

type CutProps = { listed: number; total: number; onMore: () => void };

/** That not all iterations are listed, and the way to the next ones. */
function Cut({ listed, total, onMore }: CutProps) {
  return (
    <li className="flex h-8 items-center gap-3 pl-16 text-xs text-muted">
      <span>{partWords(listed, total)}</span>
      <Button size="sm" variant="ghost" onClick={onMore}>
        Show {Math.min(PAGE, total - listed)} more
      </Button>
    </li>
  );
}

type RowProps = {
  item: OutlineItem;
  depth: number;
  /** Null when there is nothing to unfold. */
  open: boolean | null;
  /** Some row can be unfolded, so all leave room for the arrow. */
  folds: boolean;
  onFold: (path: string, open: boolean) => void;
  node: NodeState | undefined;
  axis: Axis;
  now: number;
  selected: boolean;
  onSelect: (nodeId: string) => void;
};

function Row({ item, depth, open, folds, onFold, node, axis, now, selected, onSelect }: RowProps) {
  const status = node?.status ?? "pending";
  const indent = (folds ? 30 : 16) + depth * 20;
  return (
    <li className="relative">
      {open !== null && (
        <button
          type="button"
          aria-expanded={open}
          aria-label={open ? `Collapse ${item.name}` : `Expand ${item.name}`}
          onClick={() => onFold(item.id, !open)}
          style={{ left: indent - 26 }}
          className="absolute top-1 z-1 flex size-6 items-center justify-center rounded-sm text-muted hover:bg-hover hover:text-text"
        >
          <ChevronRight
            aria-hidden
            className={cn("size-3.5 transition-transform", open && "rotate-90")}
          />
        </button>
      )}
      <button
        type="button"
        aria-pressed={selected}
        onClick={() => onSelect(item.id)}
        onKeyDown={(event) => {
          const wanted = { ArrowRight: true, ArrowLeft: false }[event.key];
          if (open === null || wanted === undefined || wanted === open) return;
          event.preventDefault();
          onFold(item.id, wanted);
        }}
        className={cn(
          columns,
          "h-8 w-full text-left -outline-offset-2 transition-colors hover:bg-hover",
          selected && "bg-accent-soft hover:bg-accent-soft",
        )}
      >
        {/* Only the name is indented: the bars of all depths share one axis. */}
        <span className="flex min-w-0 items-center gap-2" style={{ paddingLeft: indent - 16 }}>
          <StatusIcon status={status} />
          <span dir="auto" className="min-w-0 truncate font-medium" title={item.name}>
            {item.name}
          </span>
          <span
            className={cn(
              "shrink-0 text-xs text-muted tabular-nums",
              // How far it is matters more than what it is.
              (node?.iterations ?? 0) < 2 && "@max-2xl:hidden",
            )}
          >
            {kindOf(item, node)}
          </span>
        </span>
        <Track bars={node ? nodeBars(node, axis, now) : []} />
        <span className="text-right text-xs text-muted">
          {node?.started_at ? (
            <Duration ms={spentOf(node.started_at, node.finished_at, waitedOf(node), now).workMs} />
          ) : (
            <span>{status === "pending" ? "" : status}</span>
          )}
        </span>
      </button>
      {selected && node && <Inner node={node} axis={axis} now={now} />}
    </li>
  );
}

/** Its type, or how far it is with its body. */
function kindOf(item: OutlineItem, node: NodeState | undefined): string {
  if (item.type === "iteration") return "";
  if (node?.iterations == null || node.iterations < 2) return typeName(item.type);
  const failed = node.iterationCounts.failed > 0 ? `, ${node.iterationCounts.failed} failed` : "";
  return `${node.iterationCounts.over} of ${node.iterations}${failed}`;
}

/** More than this is a picture of nothing; the details list them all. */
const INNER_LIMIT = 24;

function Inner({ node, axis, now }: { node: NodeState; axis: Axis; now: number }) {
  const bars = innerBars(node, axis, now);
  if (bars.length === 0) return null;
  return (
    <ul aria-label="Inside this node" className="border-b bg-sunken py-1">
      {bars.slice(-INNER_LIMIT).map((bar) => (
        <li key={bar.key} className={cn(columns, "h-6 text-xs text-muted")}>
          <span className="flex min-w-0 items-center gap-2 pl-5">
            <StatusIcon status={bar.status} />
            <span className="truncate" title={`${bar.label}: ${bar.name}`}>
              {bar.name}
            </span>
          </span>
          <Track bars={[bar]} thin />
          <Duration ms={bar.ms} className="text-right" />
        </li>
      ))}
    </ul>
  );
}

function Track({ bars, thin = false }: { bars: Bar[]; thin?: boolean }) {
  return (
    <span aria-hidden className={cn("relative rounded-sm bg-sunken", thin ? "h-1.5" : "h-3")}>
      {bars.map((bar) => (
        <span
          key={bar.key}
          title={[bar.label, formatDuration(bar.ms)].filter(Boolean).join(", ")}
          className={cn("absolute inset-y-0 min-w-0.75 rounded-sm", fills[bar.status])}
          style={{ left: `min(${bar.left}%, 100% - 3px)`, width: `${bar.width}%` }}
        />
      ))}
    </span>
  );
}

/** Arrow keys go from node to node. */
function walk(event: KeyboardEvent<HTMLOListElement>) {
  const row = document.activeElement?.closest("ol > li");
  const beside = { ArrowDown: row?.nextElementSibling, ArrowUp: row?.previousElementSibling };
  const next =
    beside[event.key as keyof typeof beside]?.querySelector<HTMLButtonElement>(
      "button[aria-pressed]",
    );
  if (!next) return;
  event.preventDefault();
  next.focus();
}
