"use client";

/** What each role may do: the table the server itself goes by. */
import { Check } from "lucide-react";
import { ErrorState } from "@/components/error-state";
import { SkeletonRows } from "@/components/skeleton";
import { Table, type Column } from "@/components/table";
import { usePermissionTable, type PermissionRow } from "../api";
import { roleNames, roles } from "../roles";

export function RoleTable() {
  const { data, error, refetch } = usePermissionTable();
  if (error && !data) {
    return (
      <ErrorState
        error={error}
        title="The roles could not be loaded"
        onRetry={() => void refetch()}
      />
    );
  }
  if (!data) return <SkeletonRows rows={8} />;
  return (
    <div className="min-w-160">
      <Table label="Roles" columns={columns} rows={data.items} rowId={(row) => row.permission} />
    </div>
  );
}

const columns: Column<PermissionRow>[] = [
  { id: "allows", header: "Allows", cell: ({ allows }) => allows },
  {
    id: "permission",
    header: "Permission",
    className: "w-44",
    cell: ({ permission }) => <code className="font-mono text-xs text-muted">{permission}</code>,
  },
  ...roles.map((role) => ({
    id: role,
    header: roleNames[role],
    className: "w-24",
    cell: (row: PermissionRow) =>
      row.roles.includes(role) ? (
        <>
          <Check aria-hidden className="size-4 text-completed" />
          <span className="sr-only">Yes</span>
        </>
      ) : (
        <span className="text-muted">
          <span aria-hidden>–</span>
          <span className="sr-only">No</span>
        </span>
      ),
  })),
];
