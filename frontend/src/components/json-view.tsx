"use client";

/** A JSON value as a tree that folds; long texts and lists are shortened until asked for. */
import { ChevronRight } from "lucide-react";
import { useState, type ReactNode } from "react";
import { cn } from "@/lib/cn";
import { CopyButton } from "./copy-button";
import { MoreText } from "./more-text";
import { writeJson } from "@/lib/json";
import { partsOf } from "@/lib/parts";

const TEXT_LIMIT = 400;
/** Of a text that is shown whole, with each click. */
const PART_CHARS = 50_000;
/** Of a list's items at first, and with each click on "more". */
const LIST_LIMIT = 100;
const LIST_MORE = 1000;

type JsonViewProps = {
  value: unknown;
  /** Levels that are open at first. */
  depth?: number;
  className?: string;
};

export function JsonView({ value, depth = 2, className }: JsonViewProps) {
  return (
    <div className={cn("group flex items-start gap-1 font-mono text-xs", className)}>
      <div className="min-w-0 flex-1">
        <Branch value={value} depth={openDepth(value, depth)} />
      </div>
      {/* Beside the text, and never over it. */}
      <CopyButton
        text={() => writeJson(value, 2)}
        label="Copy JSON"
        className="shrink-0 opacity-0 group-hover:opacity-100 focus-visible:opacity-100"
      />
    </div>
  );
}

/** So many lines are drawn at first at most: beyond that levels stay folded. */
const MOST_LINES = 300;

/** How many levels of the value can be open at first without being too many lines. */
function openDepth(value: unknown, most: number): number {
  let level = [value];
  let lines = 0;
  for (let depth = 0; depth < most; depth += 1) {
    const next: unknown[] = [];
    for (const one of level) {
      if (typeof one !== "object" || one === null) continue;
      const items: unknown[] = Array.isArray(one) ? one : Object.values(one);
      lines += Math.min(items.length, LIST_LIMIT);
      // The first level is worth its lines in any case.
      if (depth > 0 && lines > MOST_LINES) return depth;
      next.push(...items.slice(0, LIST_LIMIT));
    }
    level = next;
  }
  return most;
}

type BranchProps = { name?: string; value: unknown; depth: number };

function Branch({ name, value, depth }: BranchProps) {
  if (typeof value !== "object" || value === null) return <Leaf name={name} value={value} />;
  return <Fold name={name} value={value} depth={depth} />;
}

function Fold({ name, value, depth }: BranchProps & { value: object }) {
  const [open, setOpen] = useState(depth > 0);
  const [limit, setLimit] = useState(LIST_LIMIT);
  const entries = Object.entries(value);
  const list = Array.isArray(value);
  const shown = entries.slice(0, limit);
  const more = Math.min(LIST_MORE, entries.length - shown.length);
  const unit = list ? "item" : "key";
  if (entries.length === 0) return <Row name={name}>{list ? "[]" : "{}"}</Row>;
  return (
    <div>
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className="flex min-h-6 items-center gap-1 rounded-sm text-left hover:bg-hover"
      >
        <ChevronRight
          aria-hidden
          className={cn("size-3.5 shrink-0 text-muted transition-transform", open && "rotate-90")}
        />
        {name !== undefined && <span className="text-accent-text">{name}</span>}
        <span className="text-muted">
          {list ? "[" : "{"} {entries.length} {unit}
          {entries.length === 1 ? "" : "s"} {list ? "]" : "}"}
        </span>
      </button>
      {open && (
        <div className="ml-1.5 border-l pl-2.5">
          {shown.map(([key, item]) => (
            <Branch key={key} name={key} value={item} depth={depth - 1} />
          ))}
          {more > 0 && <More onClick={() => setLimit(limit + LIST_MORE)}>Show {more} more</More>}
        </div>
      )}
    </div>
  );
}

function Leaf({ name, value }: { name?: string; value: unknown }) {
  const [all, setAll] = useState(false);
  if (typeof value !== "string") {
    return (
      <Row
        name={name}
        className={
          typeof value === "number" || typeof value === "bigint"
            ? "text-group-tools"
            : "text-running"
        }
      >
        {String(value)}
      </Row>
    );
  }
  const long = value.length > TEXT_LIMIT && !all;
  return (
    <Row name={name} className="text-completed">
      {"“"}
      {long ? (
        `${value.slice(0, TEXT_LIMIT)}…`
      ) : (
        <MoreText parts={partsOf(value, PART_CHARS)}>{(part) => part}</MoreText>
      )}
      {"”"}
      {long && <More onClick={() => setAll(true)}>Show all</More>}
    </Row>
  );
}

type RowProps = { name?: string; className?: string; children: ReactNode };

function Row({ name, className, children }: RowProps) {
  return (
    <div className="flex min-h-6 gap-2 py-1 pl-4.5 leading-4">
      {name !== undefined && <span className="shrink-0 text-accent-text">{name}</span>}
      <span className={cn("min-w-0 break-words whitespace-pre-wrap", className)}>{children}</span>
    </div>
  );
}

function More({ onClick, children }: { onClick: () => void; children: ReactNode }) {
  return (
    <button
      type="button"
      onClick={onClick}
      className="ml-1 rounded-sm px-1 text-accent-text underline underline-offset-2"
    >
      {children}
    </button>
  );
}
