"use client";

/** The iterations of a body one by one: how each fared, what it works on, how long it took. */
import { useState } from "react";
import { cn } from "@/lib/cn";
import { Button } from "./button";
import { FilterChips } from "./filter-chips";
import { Duration } from "./measures";
import { StatusIcon, type Status } from "./status-badge";
import { partWords } from "@/lib/format";
import { writeJson } from "@/lib/json";

export type IterationRow = {
  /** From 0; people count from 1. */
  index: number;
  status: Status;
  /** What it works on, e.g. the item of a list. */
  item: unknown;
  startedAt: string | null;
  finishedAt: string | null;
};

type IterationListProps = {
  rows: IterationRow[];
  chosen: number | null;
  onChoose: (index: number) => void;
  className?: string;
};

type Wanted = "failed" | "running";

/** Rows drawn at first; a list of thousands would be slow, and nobody reads it whole. */
const PAGE = 100;

export function IterationList({ rows, chosen, onChoose, className }: IterationListProps) {
  const [wanted, setWanted] = useState<Wanted | null>(null);
  const [limit, setLimit] = useState(PAGE);
  const count = (status: Wanted) => rows.filter((row) => row.status === status).length;
  const fitting = wanted ? rows.filter((row) => row.status === wanted) : rows;
  return (
    <div className={cn("flex min-h-0 flex-col", className)}>
      <div className="shrink-0 px-1 py-1">
        <FilterChips<Wanted>
          label="Filter iterations"
          chips={[
            { value: "failed", label: `Failed ${count("failed")}` },
            { value: "running", label: `Running ${count("running")}` },
          ]}
          value={wanted}
          onChange={(value) => {
            setWanted(value);
            setLimit(PAGE);
          }}
        />
      </div>
      {fitting.length === 0 && <p className="px-2 py-1.5 text-muted">No iterations match.</p>}
      <ol aria-label="Iterations" className="min-h-0 flex-1 overflow-y-auto">
        {fitting.slice(0, limit).map((row) => (
          <li key={row.index}>
            <Row row={row} chosen={row.index === chosen} onChoose={onChoose} />
          </li>
        ))}
      </ol>
      {fitting.length > limit && (
        <div className="flex shrink-0 flex-wrap items-center gap-x-3 px-2 text-xs text-muted">
          <span>{partWords(limit, fitting.length)}</span>
          <Button size="sm" variant="ghost" onClick={() => setLimit(limit + PAGE)}>
            Show {Math.min(PAGE, fitting.length - limit)} more
          </Button>
        </div>
      )}
    </div>
  );
}

type RowProps = { row: IterationRow; chosen: boolean; onChoose: (index: number) => void };

function Row({ row, chosen, onChoose }: RowProps) {
  const { index, status, item, startedAt, finishedAt } = row;
  const begun = status !== "pending";
  return (
    <button
      type="button"
      aria-current={chosen || undefined}
      disabled={!begun}
      onClick={() => onChoose(index)}
      className={cn(
        "flex h-7 w-full items-center gap-2 rounded-sm px-2 text-left enabled:hover:bg-hover",
        chosen && "bg-accent-soft",
        !begun && "text-muted",
      )}
    >
      <StatusIcon status={status} />
      <span className="w-9 shrink-0 text-muted tabular-nums">{index + 1}</span>
      <span className="min-w-0 flex-1 truncate">{shortly(item)}</span>
      {startedAt && <Duration from={startedAt} to={finishedAt} className="text-xs text-muted" />}
    </button>
  );
}

function shortly(item: unknown): string {
  if (item === null || item === undefined) return "";
  const text = typeof item === "string" ? item : writeJson(item);
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}
