"use client";

/** Agents: who does the work, described once and used in many crews and flows. */
import { Bot, Copy, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/button";
import { EmptyState } from "@/components/empty-state";
import { ListPage } from "@/components/list-page";
import { RelativeTime } from "@/components/relative-time";
import { RowMenu } from "@/components/row-menu";
import type { Column } from "@/components/table";
import { useCan } from "@/features/auth";
import { PageBar } from "@/features/shell";
import { useUrlState } from "@/lib/url-state";
import { useAgents, useDuplicateAgent, type Agent } from "./api";
import { AgentForm, AgentSheet } from "./parts/agent-sheet";
import { DeleteAgent } from "./parts/delete-agent";

export function AgentsView() {
  const [params, change] = useUrlState();
  const search = params.get("q") ?? "";
  const open = params.get("open");
  const list = useAgents(search);
  const writes = useCan("agents:write");
  const [deleting, setDeleting] = useState<Agent | null>(null);
  const add = (
    <Button variant="primary" onClick={() => change({ new: "1" })}>
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
        search={search}
        onSearch={(q) => change({ q: q || null })}
        columns={columns(writes, setDeleting)}
        rowId={({ id }) => id}
        openId={open}
        onOpen={({ id }) => change({ open: id })}
        empty={
          <EmptyState
            icon={<Bot />}
            title="No agents yet"
            description="An agent has a role, a goal and a backstory, and thinks with a model of yours. Describe one, then put it into a crew or a flow."
            action={
              writes && <Button onClick={() => change({ new: "1" })}>Describe an agent</Button>
            }
          />
        }
      />
      {params.get("new") && writes && <AgentForm onClose={() => change({ new: null })} />}
      {open && <AgentSheet key={open} id={open} onClose={() => change({ open: null })} />}
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
      header: "Model",
      className: "w-44",
      cell: ({ model }) =>
        model ? (
          <span className="font-mono text-xs">{model}</span>
        ) : (
          <span className="text-muted">Default</span>
        ),
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
      cell: (agent) => writes && <AgentMenu agent={agent} onDelete={() => onDelete(agent)} />,
    },
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
        { label: "Delete", icon: <Trash2 aria-hidden />, danger: true, onSelect: onDelete },
      ]}
    />
  );
}
