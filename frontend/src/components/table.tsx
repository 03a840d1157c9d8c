"use client";

/** A table: sticky head, rows one walks with the arrow keys, opens with Enter and may select. */
import type { KeyboardEvent, ReactNode } from "react";
import { cn } from "@/lib/cn";
import { Checkbox } from "./checkbox";

export type Column<Row> = {
  id: string;
  header: ReactNode;
  cell: (row: Row) => ReactNode;
  /** Numbers go right. */
  align?: "left" | "right";
  /** A width class, e.g. "w-32"; one column at most should go without. */
  className?: string;
  /** Left out on a phone; it is seen where the row leads to, or below the name. */
  secondary?: boolean;
};

type TableProps<Row> = {
  /** Names the table for assistive technology. */
  label: string;
  columns: Column<Row>[];
  rows: Row[];
  rowId: (row: Row) => string;
  /** Enter or a click on the row. */
  onOpen?: (row: Row) => void;
  /** The row whose details are open. */
  openId?: string | null;
  /** Given, each row has a tick box. */
  selected?: ReadonlySet<string>;
  onSelect?: (selected: ReadonlySet<string>) => void;
  /** Words of a row for its tick box, e.g. its name. */
  rowLabel?: (row: Row) => string;
};

export function Table<Row>(props: TableProps<Row>) {
  const { label, columns, rows, rowId, onOpen, openId, selected, onSelect } = props;
  const ids = rows.map(rowId);
  const chosen = ids.filter((id) => selected?.has(id)).length;
  const some = chosen > 0 && chosen < ids.length ? "indeterminate" : chosen > 0;

  function toggle(id: string) {
    const next = new Set(selected);
    if (!next.delete(id)) next.add(id);
    onSelect?.(next);
  }
  return (
    <table aria-label={label} className="w-full table-fixed border-separate border-spacing-0">
      <thead>
        <tr>
          {selected && (
            <th scope="col" className={cn(headClass, "w-10")}>
              <Checkbox
                aria-label="Select all"
                checked={some}
                onChange={(all) => onSelect?.(new Set(all ? ids : []))}
              />
            </th>
          )}
          {columns.map((column) => (
            <th
              key={column.id}
              scope="col"
              className={cn(
                headClass,
                column.align === "right" && "text-right",
                column.secondary && "max-sm:hidden",
                column.className,
              )}
            >
              {column.header}
            </th>
          ))}
        </tr>
      </thead>
      <tbody onKeyDown={walk}>
        {rows.map((row) => {
          const id = rowId(row);
          return (
            <tr
              key={id}
              tabIndex={onOpen ? 0 : undefined}
              aria-selected={selected ? selected.has(id) : undefined}
              data-open={openId === id || undefined}
              onClick={(event) => opens(event.target) && onOpen?.(row)}
              onKeyDown={(event) => {
                if (event.target !== event.currentTarget) return;
                if (event.key === "Enter") onOpen?.(row);
                if (event.key !== " " || !selected) return;
                event.preventDefault();
                toggle(id);
              }}
              className={cn(
                "-outline-offset-2 transition-colors hover:bg-hover data-open:bg-accent-soft",
                onOpen && "cursor-pointer",
              )}
            >
              {selected && (
                <td className={cellClass}>
                  <Checkbox
                    aria-label={`Select ${props.rowLabel?.(row) ?? id}`}
                    checked={selected.has(id)}
                    onChange={() => toggle(id)}
                  />
                </td>
              )}
              {columns.map((column) => (
                <td
                  key={column.id}
                  className={cn(
                    cellClass,
                    column.align === "right" && "text-right tabular-nums",
                    column.secondary && "max-sm:hidden",
                  )}
                >
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

const headClass =
  "sticky top-0 z-10 h-8 truncate border-b bg-background px-3 text-left text-xs font-medium text-muted first:pl-4 last:pr-4";
const cellClass = "h-10 truncate border-b px-3 first:pl-4 last:pr-4";

/** A click on a button, link or box inside the row means that, not the row. */
function opens(target: EventTarget): boolean {
  return target instanceof Element && !target.closest("button, a, input, [role=menu]");
}

function walk(event: KeyboardEvent<HTMLTableSectionElement>) {
  const row = document.activeElement?.closest("tr");
  const step = { ArrowDown: row?.nextElementSibling, ArrowUp: row?.previousElementSibling };
  const next = step[event.key as keyof typeof step];
  if (!(next instanceof HTMLElement)) return;
  event.preventDefault();
  next.focus();
}
