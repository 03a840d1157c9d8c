"use client";

/** Crews: agents that share out a list of tasks, used in flows or run by themselves. */
import { lazily } from "@/components/lazily";
import { Copy, Play, Plus, Users } from "lucide-react";
import { useState } from "react";
import { Badge } from "@/components/badge";
import { Button } from "@/components/button";
import { actionsColumn, nameColumn, updatedColumn } from "@/components/columns";
import { EmptyState } from "@/components/empty-state";
import { ListPage } from "@/components/list-page";
import { deleteItem, RowMenu } from "@/components/row-menu";
import type { Column } from "@/components/table";
import { useCan } from "@/features/auth";
import { PageBar } from "@/features/shell";
import { useListUrl } from "@/lib/list-url";
import { useCrews, useDuplicateCrew, type Crew } from "./api";
import { DeleteCrew } from "./parts/delete-crew";

/** Loaded when one is opened. */
const TestDialog = lazily(() => import("./parts/test-dialog").then((it) => it.TestDialog));

/** Loaded when one of them is opened. */
const CrewForm = lazily(() => import("./parts/crew-sheet").then((it) => it.CrewForm));
const CrewSheet = lazily(() => import("./parts/crew-sheet").then((it) => it.CrewSheet));

type Asked = { what: "delete" | "test"; crew: Crew };

export function CrewsView() {
  const url = useListUrl();
  const list = useCrews(url.search);
  const writes = useCan("agents:write");
  const [asked, setAsked] = useState<Asked | null>(null);
  const add = () => url.make();
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
        columns={columns(writes, setAsked)}
        {...url.bound}
        empty={
          <EmptyState
            icon={<Users />}
            title="No crews yet"
            description="A crew is a group of agents with a list of tasks. The tasks run one after the other, or a manager assigns them. Test the crew, then use it in a flow."
            action={writes && <Button onClick={add}>Create a crew</Button>}
          />
        }
      />
      {url.making && writes && <CrewForm onClose={url.close} />}
      {url.open && <CrewSheet key={url.open} id={url.open} onClose={url.close} />}
      {asked?.what === "test" && <TestDialog crew={asked.crew} onClose={() => setAsked(null)} />}
      {asked?.what === "delete" && <DeleteCrew crew={asked.crew} onClose={() => setAsked(null)} />}
    </>
  );
}

function columns(writes: boolean, onAsk: (asked: Asked) => void): Column<Crew>[] {
  return [
    nameColumn(({ description }) => description),
    {
      id: "process",
      secondary: true,
      header: "Process",
      className: "w-32",
      cell: ({ process }) => (
        <Badge>{process === "sequential" ? "Sequential" : "Hierarchical"}</Badge>
      ),
    },
    {
      id: "agents",
      secondary: true,
      header: "Agents",
      align: "right",
      className: "w-20",
      cell: ({ agent_ids }) => agent_ids.length,
    },
    {
      id: "tasks",
      secondary: true,
      header: "Tasks",
      align: "right",
      className: "w-20",
      cell: ({ tasks }) => tasks.length,
    },
    updatedColumn(),
    actionsColumn((crew) => writes && <CrewMenu crew={crew} onAsk={onAsk} />),
  ];
}

function CrewMenu({ crew, onAsk }: { crew: Crew; onAsk: (asked: Asked) => void }) {
  const duplicate = useDuplicateCrew();
  return (
    <RowMenu
      name={crew.name}
      items={[
        {
          label: "Test crew",
          icon: <Play aria-hidden />,
          onSelect: () => onAsk({ what: "test", crew }),
        },
        { label: "Duplicate", icon: <Copy aria-hidden />, onSelect: () => duplicate.mutate(crew) },
        { separator: true },
        deleteItem(() => onAsk({ what: "delete", crew })),
      ]}
    />
  );
}
