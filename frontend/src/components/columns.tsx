/** Columns that many tables of stored things have. */
import type { ReactNode } from "react";
import { RelativeTime } from "./relative-time";
import type { Column } from "./table";

/** Its name; what there is to say about it stands behind, in grey. */
export function nameColumn<Row extends { name: string }>(
  about: (row: Row) => string | null = () => null,
): Column<Row> {
  return {
    id: "name",
    header: "Name",
    cell: (row) => (
      <span title={about(row) ?? undefined}>
        <span className="font-medium">{row.name}</span>
        {about(row) && <span className="ml-2 text-muted">{about(row)}</span>}
      </span>
    ),
  };
}

/** When it was changed last. */
export function updatedColumn<Row extends { updated_at: string }>(): Column<Row> {
  return {
    id: "updated",
    secondary: true,
    header: "Updated",
    className: "w-28",
    cell: ({ updated_at }) => <RelativeTime time={updated_at} />,
  };
}

/** The switch that turns it on and off. */
export function activeColumn<Row>(drawn: (row: Row) => ReactNode): Column<Row> {
  return {
    id: "active",
    header: "Active",
    className: "w-20",
    cell: (row) => <span className="flex">{drawn(row)}</span>,
  };
}

/** The row's menu, behind all the others. */
export function actionsColumn<Row>(menu: (row: Row) => ReactNode): Column<Row> {
  return {
    id: "actions",
    header: <span className="sr-only">Actions</span>,
    className: "w-14",
    cell: menu,
  };
}
