"use client";

/** Agents: who does the work, described once and used in many crews and flows. */
import { lazily } from "@/components/lazily";
import { Bot, Copy, Plus } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/button";
import { actionsColumn, updatedColumn } from "@/components/columns";
import { EmptyState } from "@/components/empty-state";
import { ListPage } from "@/components/list-page";
import { deleteItem, RowMenu } from "@/components/row-menu";
import type { Column } from "@/components/table";
import { useCan } from "@/features/auth";
import { PageBar } from "@/features/shell";
import { useListUrl } from "@/lib/list-url";
import { useAgents, useDuplicateAgent, type Agent } from "./api";
import { DeleteAgent } from "./parts/delete-agent";

/** Loaded when one of them is opened. */
const AgentForm = lazily(() => import("./parts/agent-sheet").then((it) => it.AgentForm));
const AgentSheet = lazily(() => import("./parts/agent-sheet").then((it) => it.AgentSheet));

export function AgentsView() {
  const url = useListUrl();
  const list = useAgents(url.search);
  const writes = useCan("agents:write");
  const [deleting, setDeleting] = useState<Agent | null>(null);
  const add = (
    <Button variant="primary" onClick={() => url.make()}>
      <Plus aria-hidden />
      New agent
    </Button>
  );
  return (
    <>
      <PageBar crumbs={[{ label: "Agents" }]} actions={writes && add} />
      <ListPage
        label="Agents"
        noun="agents"
        list={list}
        columns={columns(writes, setDeleting)}
        {...url.bound}
        empty={
          <EmptyState
            icon={<Bot />}
            title="No agents yet"
            description="An agent has a role, a goal, a backstory and a model. Create an agent, then use it in a crew or a flow."
            action={writes && <Button onClick={() => url.make()}>Create an agent</Button>}
          />
        }
      />
      {url.making && writes && <AgentForm onClose={url.close} />}
      {url.open && <AgentSheet key={url.open} id={url.open} onClose={url.close} />}
      {deleting && <DeleteAgent agent={deleting} onClose={() => setDeleting(null)} />}
    </>
  );
}

function columns(writes: boolean, onDelete: (agent: Agent) => void): Column<Agent>[] {
  return [
    {
      id: "name",
      header: "Name",
      className: "w-56",
      cell: ({ name }) => <span className="font-medium">{name}</span>,
    },
    {
      id: "role",
      secondary: true,
      header: "Role and goal",
      cell: ({ role, goal }) => (
        <span title={goal}>
          {role}
          <span className="ml-2 text-muted">{goal}</span>
        </span>
      ),
    },
    {
      id: "model",
      secondary: true,
      header: "Model",
      className: "w-44",
      cell: ({ model }) =>
        model ? (
          <span className="font-mono text-xs">{model}</span>
        ) : (
          <span className="text-muted">Default</span>
        ),
    },
    updatedColumn(),
    actionsColumn(
      (agent) => writes && <AgentMenu agent={agent} onDelete={() => onDelete(agent)} />,
    ),
  ];
}

function AgentMenu({ agent, onDelete }: { agent: Agent; onDelete: () => void }) {
  const duplicate = useDuplicateAgent();
  return (
    <RowMenu
      name={agent.name}
      items={[
        { label: "Duplicate", icon: <Copy aria-hidden />, onSelect: () => duplicate.mutate(agent) },
        { separator: true },
        deleteItem(onDelete),
      ]}
    />
  );
}
