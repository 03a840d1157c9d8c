"use client";

/** All flows: open one, start a new one, from an example or from nothing. */
import { lazily } from "@/components/lazily";
import { CalendarClock, Copy, PencilLine, Play, Plus, Shapes, Workflow } from "lucide-react";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { Badge } from "@/components/badge";
import { Button } from "@/components/button";
import { actionsColumn, nameColumn, updatedColumn } from "@/components/columns";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { EmptyState } from "@/components/empty-state";
import { ListPage } from "@/components/list-page";
import type { MenuItem } from "@/components/menu";
import { deleteItem, RowMenu } from "@/components/row-menu";
import type { Column } from "@/components/table";
import { useCan } from "@/features/auth";
import { executionsHref } from "@/features/executions";
import { PageBar } from "@/features/shell";
import { useUrlState } from "@/lib/url-state";
import { useCreateFlow, useDeleteFlow, useDuplicateFlow, useFlows, type FlowSummary } from "./api";
import { flowHref, triggersHref } from "./links";
import { FlowSwitch } from "./parts/flow-switch";

/** Loaded when one is opened. */
const RenameDialog = lazily(() => import("./parts/rename-dialog").then((it) => it.RenameDialog));

/** Loaded when one is opened. */
const ExamplesDialog = lazily(() =>
  import("./parts/examples-dialog").then((it) => it.ExamplesDialog),
);

type Asked = { what: "rename" | "delete"; flow: FlowSummary };

export function FlowsView() {
  const [params, change] = useUrlState();
  const search = params.get("q") ?? "";
  const list = useFlows(search);
  const router = useRouter();
  const writes = useCan("flows:write");
  const create = useCreateFlow();
  const remove = useDeleteFlow();
  const [asked, setAsked] = useState<Asked | null>(null);
  const columns = useColumns(writes, setAsked);
  const openExamples = () => change({ examples: "1" });
  return (
    <>
      <PageBar
        crumbs={[{ label: "Flows" }]}
        actions={
          writes && (
            <>
              <Button onClick={openExamples}>
                <Shapes aria-hidden />
                Start from an example
              </Button>
              <Button
                variant="primary"
                loading={create.isPending}
                onClick={() => create.mutate(undefined)}
              >
                <Plus aria-hidden />
                New flow
              </Button>
            </>
          )
        }
      />
      <ListPage
        label="Flows"
        noun="flows"
        list={list}
        search={search}
        onSearch={(q) => change({ q: q || null })}
        columns={columns}
        rowId={({ id }) => id}
        onOpen={({ id }) => router.push(flowHref(id))}
        empty={<NoFlows onExamples={writes ? openExamples : undefined} />}
      />
      {params.get("examples") && writes && (
        <ExamplesDialog onClose={() => change({ examples: null })} />
      )}
      {asked?.what === "rename" && (
        <RenameDialog flow={asked.flow} onClose={() => setAsked(null)} />
      )}
      {asked?.what === "delete" && (
        <ConfirmDialog
          title={`Delete “${asked.flow.name}”?`}
          description="This deletes the flow with all its versions. You cannot undo this. Its executions stay."
          verb="Delete flow"
          onConfirm={() => remove.mutateAsync(asked.flow.id)}
          onClose={() => setAsked(null)}
        />
      )}
    </>
  );
}

function useColumns(writes: boolean, onAsk: (asked: Asked) => void): Column<FlowSummary>[] {
  const columns: Column<FlowSummary>[] = [
    nameColumn(({ description }) => description),
    {
      id: "version",
      secondary: true,
      header: "Published",
      className: "w-28",
      cell: ({ published_version }) =>
        published_version ? (
          <Badge>Version {published_version}</Badge>
        ) : (
          <span className="text-muted">Draft only</span>
        ),
    },
    {
      id: "on",
      header: "On",
      className: "w-16",
      cell: (flow) => (
        <span className="flex">
          <FlowSwitch flow={flow} disabled={!writes} />
        </span>
      ),
    },
    updatedColumn(),
    actionsColumn((flow) => <FlowMenu flow={flow} writes={writes} onAsk={onAsk} />),
  ];
  return columns;
}

type FlowMenuProps = { flow: FlowSummary; writes: boolean; onAsk: (asked: Asked) => void };

function FlowMenu({ flow, writes, onAsk }: FlowMenuProps) {
  const router = useRouter();
  const duplicate = useDuplicateFlow();
  const executions: MenuItem = {
    label: "Show executions",
    icon: <Play aria-hidden />,
    onSelect: () => router.push(executionsHref(flow.id)),
  };
  const triggers: MenuItem = {
    label: "Triggers",
    icon: <CalendarClock aria-hidden />,
    onSelect: () => router.push(triggersHref(flow.id)),
  };
  const changes: MenuItem[] = [
    {
      label: "Rename",
      icon: <PencilLine aria-hidden />,
      onSelect: () => onAsk({ what: "rename", flow }),
    },
    {
      label: "Duplicate",
      icon: <Copy aria-hidden />,
      onSelect: () => duplicate.mutate(flow),
    },
    { separator: true },
    deleteItem(() => onAsk({ what: "delete", flow })),
  ];
  return <RowMenu name={flow.name} items={[executions, triggers, ...(writes ? changes : [])]} />;
}

function NoFlows({ onExamples }: { onExamples?: () => void }) {
  return (
    <EmptyState
      icon={<Workflow />}
      title="No flows yet"
      description="A flow connects agents, crews, models and conditions on a canvas. Start from an example to see how it works."
      action={
        onExamples && (
          <Button onClick={onExamples}>
            <Shapes aria-hidden />
            Start from an example
          </Button>
        )
      }
    />
  );
}
