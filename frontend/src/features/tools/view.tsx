"use client";

/** Tools: what flows and agents can call. */
import { lazily } from "@/components/lazily";
import { Plus, Wrench } from "lucide-react";
import { useState } from "react";
import { ActiveSwitch } from "@/components/active-switch";
import { Badge } from "@/components/badge";
import { Button } from "@/components/button";
import { actionsColumn, activeColumn, nameColumn, updatedColumn } from "@/components/columns";
import { EmptyState } from "@/components/empty-state";
import { ListPage } from "@/components/list-page";
import { deleteItem, RowMenu } from "@/components/row-menu";
import type { Column } from "@/components/table";
import { useCan } from "@/features/auth";
import { PageBar } from "@/features/shell";
import { useListUrl } from "@/lib/list-url";
import { useSwitchTool, useTools, type Tool } from "./api";
import { DeleteTool } from "./parts/delete-tool";

/** Loaded when one of them is opened. */
const ToolForm = lazily(() => import("./parts/tool-sheet").then((it) => it.ToolForm));
const ToolSheet = lazily(() => import("./parts/tool-sheet").then((it) => it.ToolSheet));

export function ToolsView() {
  const url = useListUrl();
  const list = useTools(url.search);
  const writes = useCan("tools:write");
  const [deleting, setDeleting] = useState<Tool | null>(null);
  const add = (
    <Button variant="primary" onClick={() => url.make()}>
      <Plus aria-hidden />
      New tool
    </Button>
  );
  return (
    <>
      <PageBar crumbs={[{ label: "Tools" }]} actions={writes && add} />
      <ListPage
        label="Tools"
        noun="tools"
        list={list}
        columns={columns(writes, setDeleting)}
        {...url.bound}
        empty={
          <EmptyState
            icon={<Wrench />}
            title="No tools yet"
            description="A tool does one thing: it searches, calculates, calls a service, or runs Python of your own. Flows call tools with a node, agents when they need them."
            action={writes && <Button onClick={() => url.make()}>Create a tool</Button>}
          />
        }
      />
      {url.making && writes && <ToolForm onClose={url.close} />}
      {url.open && <ToolSheet key={url.open} id={url.open} onClose={url.close} />}
      {deleting && <DeleteTool tool={deleting} onClose={() => setDeleting(null)} />}
    </>
  );
}

function columns(writes: boolean, onDelete: (tool: Tool) => void): Column<Tool>[] {
  return [
    nameColumn(),
    {
      id: "description",
      secondary: true,
      header: "Description",
      cell: ({ description }) => (
        <span className="text-muted" title={description}>
          {description}
        </span>
      ),
    },
    {
      id: "kind",
      secondary: true,
      header: "Kind",
      className: "w-28",
      cell: ({ kind }) => <Badge>{kind === "python" ? "Python" : "Builtin"}</Badge>,
    },
    updatedColumn(),
    activeColumn((tool) => <Active {...{ tool, writes }} />),
    actionsColumn(
      (tool) => writes && <RowMenu name={tool.name} items={[deleteItem(() => onDelete(tool))]} />,
    ),
  ];
}

function Active({ tool, writes }: { tool: Tool; writes: boolean }) {
  return <ActiveSwitch of={tool} change={useSwitchTool()} disabled={!writes} />;
}
