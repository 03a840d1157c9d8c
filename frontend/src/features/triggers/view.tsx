"use client";

/** What starts one flow by itself: its schedules and webhooks. */
import { CalendarClock, Play, Plus, Trash2, Webhook } from "lucide-react";
import { useState } from "react";
import { Badge } from "@/components/badge";
import { Button } from "@/components/button";
import { EmptyState } from "@/components/empty-state";
import { ListPage } from "@/components/list-page";
import { RelativeTime } from "@/components/relative-time";
import { RowMenu } from "@/components/row-menu";
import { Switch } from "@/components/switch";
import type { Column } from "@/components/table";
import { toast } from "@/components/toast";
import { useCan } from "@/features/auth";
import { FLOWS_PATH, flowHref } from "@/features/flows";
import { PageBar } from "@/features/shell";
import { useUrlState } from "@/lib/url-state";
import { useChangeTrigger, useFlow, useRunTrigger, useTriggers, type Trigger } from "./api";
import { inputNames, type Kind } from "./form";
import { DeleteTrigger } from "./parts/delete-trigger";
import { Outcome } from "./parts/firings";
import { NewTriggerSheet, TriggerSheet } from "./parts/trigger-sheet";

const kinds: Kind[] = ["schedule", "webhook"];

export function TriggersView({ flowId }: { flowId: string }) {
  const [params, change] = useUrlState();
  const search = params.get("q") ?? "";
  const open = params.get("open");
  const kind = kinds.find((one) => one === params.get("new"));
  const writes = useCan("triggers:write");
  const flow = useFlow(flowId);
  const names = inputNames(flow.data?.definition);
  const [deleting, setDeleting] = useState<Trigger | null>(null);
  const add = writes && <AddButtons onAdd={(one) => change({ new: one })} />;
  return (
    <>
      <PageBar
        crumbs={[
          { label: "Flows", href: FLOWS_PATH },
          { label: flow.data?.name ?? "Flow", href: flowHref(flowId) },
          { label: "Triggers" },
        ]}
        actions={add}
      />
      <ListPage
        label="Triggers"
        noun="triggers"
        list={useTriggers(flowId, search)}
        search={search}
        onSearch={(q) => change({ q: q || null })}
        columns={useColumns(writes, setDeleting)}
        rowId={({ id }) => id}
        openId={open}
        onOpen={({ id }) => change({ open: id })}
        empty={
          <EmptyState
            icon={<CalendarClock />}
            title="Nothing starts this flow by itself yet"
            description="A schedule starts it at certain times; a webhook when another service calls its address."
          />
        }
      />
      {kind && writes && flow.data && (
        <NewTriggerSheet
          kind={kind}
          flowId={flowId}
          names={names}
          onClose={() => change({ new: null })}
        />
      )}
      {open && (
        <TriggerSheet key={open} id={open} names={names} onClose={() => change({ open: null })} />
      )}
      {deleting && <DeleteTrigger trigger={deleting} onClose={() => setDeleting(null)} />}
    </>
  );
}

function AddButtons({ onAdd }: { onAdd: (kind: Kind) => void }) {
  return (
    <>
      <Button onClick={() => onAdd("webhook")}>
        <Webhook aria-hidden />
        Add webhook
      </Button>
      <Button variant="primary" onClick={() => onAdd("schedule")}>
        <Plus aria-hidden />
        Add schedule
      </Button>
    </>
  );
}

function useColumns(writes: boolean, onDelete: (trigger: Trigger) => void): Column<Trigger>[] {
  const runs = useCan("flows:execute");
  return [
    {
      id: "name",
      header: "Name",
      cell: ({ name }) => <span className="font-medium">{name}</span>,
    },
    {
      id: "kind",
      header: "Starts the flow",
      className: "w-100",
      cell: (trigger) => <When trigger={trigger} />,
    },
    {
      id: "next",
      header: "Next",
      className: "w-28",
      cell: ({ next_at }) => <RelativeTime time={next_at} className="text-muted" />,
    },
    {
      id: "last",
      header: "Last",
      className: "w-48",
      cell: ({ last }) =>
        last ? (
          <span className="flex items-center gap-2" title={last.message ?? undefined}>
            <Outcome firing={last} />
            <RelativeTime time={last.at} className="text-xs text-muted" />
          </span>
        ) : (
          <span className="text-muted">Never</span>
        ),
    },
    {
      id: "active",
      header: "Active",
      className: "w-20",
      cell: (trigger) => (
        <span className="flex">
          <ActiveSwitch trigger={trigger} disabled={!writes} />
        </span>
      ),
    },
    {
      id: "actions",
      header: <span className="sr-only">Actions</span>,
      className: "w-14",
      cell: (trigger) =>
        (writes || runs) && <TriggerMenu {...{ trigger, writes, runs, onDelete }} />,
    },
  ];
}

function When({ trigger: { schedule, webhook, description } }: { trigger: Trigger }) {
  if (schedule) {
    return (
      <span title={`${description ?? ""} (${schedule.cron})`} className="flex items-center gap-2">
        <CalendarClock aria-hidden className="size-4 shrink-0 text-muted" />
        <span className="min-w-0 truncate">{description}</span>
        <span className="shrink-0 text-xs text-muted">{schedule.timezone}</span>
      </span>
    );
  }
  return (
    <span className="flex items-center gap-2">
      <Webhook aria-hidden className="size-4 shrink-0 text-muted" />
      When it is called
      {webhook?.signing === "none" && <Badge tone="waiting">Not signed</Badge>}
    </span>
  );
}

function ActiveSwitch({ trigger, disabled }: { trigger: Trigger; disabled: boolean }) {
  const change = useChangeTrigger();
  const on = change.isPending ? (change.variables.is_active ?? true) : trigger.is_active;
  return (
    <Switch
      aria-label={`${trigger.name} is active`}
      checked={on}
      disabled={disabled}
      onChange={(is_active) =>
        change.mutate(
          { id: trigger.id, is_active },
          { onError: (error) => toast.error(`“${trigger.name}” was not switched`, error) },
        )
      }
    />
  );
}

type MenuProps = {
  trigger: Trigger;
  writes: boolean;
  runs: boolean;
  onDelete: (trigger: Trigger) => void;
};

function TriggerMenu({ trigger, writes, runs, onDelete }: MenuProps) {
  const run = useRunTrigger();
  const start = {
    label: "Run now",
    icon: <Play aria-hidden />,
    onSelect: () => run.mutate(trigger),
  };
  const remove = {
    label: "Delete",
    icon: <Trash2 aria-hidden />,
    danger: true,
    onSelect: () => onDelete(trigger),
  };
  return (
    <RowMenu name={trigger.name} items={[...(runs ? [start] : []), ...(writes ? [remove] : [])]} />
  );
}
