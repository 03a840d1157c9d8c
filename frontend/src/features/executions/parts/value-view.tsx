"use client";

/** A value of an execution, read in the way that fits it: as prose, table, tree or plain. */
import { memo, useState } from "react";
import { Button } from "@/components/button";
import { CopyButton } from "@/components/copy-button";
import { JsonView } from "@/components/json-view";
import { Markdown } from "@/components/markdown";
import { PlainText } from "@/components/plain-text";
import { cn } from "@/lib/cn";
import type { Json } from "@/lib/events";
import { columnsOf, isTable, readingNames, readingsOf, type Reading } from "../model/reading";
import { writeJson } from "@/lib/json";

type ValueViewProps = {
  /** What the value is, e.g. "Output". */
  title: string;
  value: Json;
  className?: string;
};

/** Drawn again only when the value is another: an execution under way gives its views many states a second. */
export const ValueView = memo(function ValueView({ title, value, className }: ValueViewProps) {
  const readings = readingsOf(value);
  const [chosen, setChosen] = useState<Reading | null>(null);
  const reading = readings.find((one) => one === chosen) ?? readings[0] ?? "text";
  return (
    <section aria-label={title} className={cn("min-w-0", className)}>
      <div className="flex h-8 items-center gap-1">
        <h3 className="mr-auto truncate text-xs font-medium text-muted">{title}</h3>
        {readings.length > 1 && (
          <Readings readings={readings} value={reading} onChange={setChosen} title={title} />
        )}
        <CopyButton text={() => plain(value)} label={`Copy ${title}`} />
      </div>
      <div className="overflow-x-auto rounded-md border bg-surface px-3 py-2">
        <Read value={value} reading={reading} />
      </div>
    </section>
  );
});

type ReadingsProps = {
  readings: Reading[];
  value: Reading;
  onChange: (reading: Reading) => void;
  title: string;
};

function Readings({ readings, value, onChange, title }: ReadingsProps) {
  return (
    <div role="group" aria-label={`Show ${title} as`} className="flex">
      {readings.map((reading) => (
        <button
          key={reading}
          type="button"
          aria-pressed={reading === value}
          onClick={() => onChange(reading)}
          className={cn(
            "h-6 rounded-sm px-1.5 text-xs text-muted transition-colors hover:text-text",
            reading === value && "bg-hover text-text",
          )}
        >
          {readingNames[reading]}
        </button>
      ))}
    </div>
  );
}

function Read({ value, reading }: { value: Json; reading: Reading }) {
  if (reading === "markdown") return <Markdown text={String(value)} />;
  if (reading === "table" && isTable(value)) return <ValueTable rows={value} />;
  if (reading === "tree") return <JsonView value={value} />;
  if (value === "" || value === null) return <p className="text-muted">Nothing</p>;
  return <PlainText mono text={plain(value)} />;
}

/** Rows drawn at first, and with each click on "more"; a table of thousands would be slow. */
const PAGE = 100;

function ValueTable({ rows }: { rows: Record<string, Json>[] }) {
  const [limit, setLimit] = useState(PAGE);
  const columns = columnsOf(rows);
  const more = Math.min(PAGE, rows.length - limit);
  return (
    <>
      <table className="w-full text-left">
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col" className="pr-4 pb-1 text-xs font-medium text-muted">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, limit).map((row, index) => (
            <tr key={index} className="align-top">
              {columns.map((column) => (
                <td key={column} className="border-t py-1 pr-4 tabular-nums">
                  {cellText(row[column])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {more > 0 && (
        <Button size="sm" variant="ghost" onClick={() => setLimit(limit + PAGE)}>
          Show {more} more
        </Button>
      )}
    </>
  );
}

/** What is longer stands whole in the tree. */
const CELL_CHARS = 400;

function cellText(value: Json | undefined): string {
  const text = value == null ? "" : String(value);
  return text.length > CELL_CHARS ? `${text.slice(0, CELL_CHARS)}…` : text;
}

/** As it would be pasted elsewhere. */
function plain(value: Json): string {
  return typeof value === "string" ? value : writeJson(value, 2);
}
