"use client";

/** Crews: agents that share out a list of tasks, used in flows or run by themselves. */
import { Copy, Play, Plus, Trash2, Users } from "lucide-react";
import { useState } from "react";
import { Badge } from "@/components/badge";
import { Button } from "@/components/button";
import { EmptyState } from "@/components/empty-state";
import { ListPage } from "@/components/list-page";
import { RelativeTime } from "@/components/relative-time";
import { RowMenu } from "@/components/row-menu";
import type { Column } from "@/components/table";
import { useCan } from "@/features/auth";
import { PageBar } from "@/features/shell";
import { useUrlState } from "@/lib/url-state";
import { useCrews, useDuplicateCrew, type Crew } from "./api";
import { CrewForm, CrewSheet } from "./parts/crew-sheet";
import { DeleteCrew } from "./parts/delete-crew";
import { TestDialog } from "./parts/test-dialog";

type Asked = { what: "delete" | "test"; crew: Crew };

export function CrewsView() {
  const [params, change] = useUrlState();
  const search = params.get("q") ?? "";
  const open = params.get("open");
  const list = useCrews(search);
  const writes = useCan("agents:write");
  const [asked, setAsked] = useState<Asked | null>(null);
  const add = () => change({ new: "1" });
  return (
    <>
      <PageBar
        crumbs={[{ label: "Crews" }]}
        actions={
          writes && (
            <Button variant="primary" onClick={add}>
              <Plus aria-hidden />
              New crew
            </Button>
          )
        }
      />
      <ListPage
        label="Crews"
        noun="crews"
        list={list}
        search={search}
        onSearch={(q) => change({ q: q || null })}
        columns={columns(writes, setAsked)}
        rowId={({ id }) => id}
        openId={open}
        onOpen={({ id }) => change({ open: id })}
        empty={
          <EmptyState
            icon={<Users />}
            title="No crews yet"
            description="A crew is a few agents and a list of tasks: one after the other, or handed out by a manager. Test it by itself, then put it into a flow."
            action={writes && <Button onClick={add}>Put a crew together</Button>}
          />
        }
      />
      {params.get("new") && writes && <CrewForm onClose={() => change({ new: null })} />}
      {open && <CrewSheet key={open} id={open} onClose={() => change({ open: null })} />}
      {asked?.what === "test" && <TestDialog crew={asked.crew} onClose={() => setAsked(null)} />}
      {asked?.what === "delete" && <DeleteCrew crew={asked.crew} onClose={() => setAsked(null)} />}
    </>
  );
}

function columns(writes: boolean, onAsk: (asked: Asked) => void): Column<Crew>[] {
  return [
    {
      id: "name",
      header: "Name",
      cell: ({ name, description }) => (
        <span title={description ?? undefined}>
          <span className="font-medium">{name}</span>
          {description && <span className="ml-2 text-muted">{description}</span>}
        </span>
      ),
    },
    {
      id: "process",
      header: "Process",
      className: "w-32",
      cell: ({ process }) => (
        <Badge>{process === "sequential" ? "Sequential" : "Hierarchical"}</Badge>
      ),
    },
    {
      id: "agents",
      header: "Agents",
      align: "right",
      className: "w-20",
      cell: ({ agent_ids }) => agent_ids.length,
    },
    {
      id: "tasks",
      header: "Tasks",
      align: "right",
      className: "w-20",
      cell: ({ tasks }) => tasks.length,
    },
    {
      id: "updated",
      header: "Updated",
      className: "w-28",
      cell: ({ updated_at }) => <RelativeTime time={updated_at} />,
    },
    {
      id: "actions",
      header: <span className="sr-only">Actions</span>,
      className: "w-14",
      cell: (crew) => writes && <CrewMenu crew={crew} onAsk={onAsk} />,
    },
  ];
}

function CrewMenu({ crew, onAsk }: { crew: Crew; onAsk: (asked: Asked) => void }) {
  const duplicate = useDuplicateCrew();
  return (
    <RowMenu
      name={crew.name}
      items={[
        {
          label: "Test run",
          icon: <Play aria-hidden />,
          onSelect: () => onAsk({ what: "test", crew }),
        },
        { label: "Duplicate", icon: <Copy aria-hidden />, onSelect: () => duplicate.mutate(crew) },
        { separator: true },
        {
          label: "Delete",
          icon: <Trash2 aria-hidden />,
          danger: true,
          onSelect: () => onAsk({ what: "delete", crew }),
        },
      ]}
    />
  );
}
