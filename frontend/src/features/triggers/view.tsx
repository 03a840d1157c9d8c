"use client";

/** What starts one flow by itself: its schedules and webhooks. */
import { lazily } from "@/components/lazily";
import { CalendarClock, Play, Plus, Webhook } from "lucide-react";
import { useState } from "react";
import { ActiveSwitch } from "@/components/active-switch";
import { Badge } from "@/components/badge";
import { Button } from "@/components/button";
import { actionsColumn, activeColumn, nameColumn } from "@/components/columns";
import { EmptyState } from "@/components/empty-state";
import { ErrorState } from "@/components/error-state";
import { ListPage } from "@/components/list-page";
import { RelativeTime } from "@/components/relative-time";
import { deleteItem, RowMenu } from "@/components/row-menu";
import type { Column } from "@/components/table";
import { useCan } from "@/features/auth";
import { FLOWS_PATH, flowHref } from "@/features/flows";
import { PageBar } from "@/features/shell";
import { useListUrl } from "@/lib/list-url";
import { useChangeTrigger, useFlow, useRunTrigger, useTriggers, type Trigger } from "./api";
import { inputNames } from "./flow-inputs";
import type { Kind } from "./form";
import { DeleteTrigger } from "./parts/delete-trigger";
import { Outcome } from "./parts/firings";

/** Loaded when one of them is opened. */
const NewTriggerSheet = lazily(() =>
  import("./parts/trigger-sheet").then((it) => it.NewTriggerSheet),
);
const TriggerSheet = lazily(() => import("./parts/trigger-sheet").then((it) => it.TriggerSheet));

const kinds: Kind[] = ["schedule", "webhook"];

export function TriggersView({ flowId }: { flowId: string }) {
  const url = useListUrl();
  const kind = kinds.find((one) => one === url.making);
  const writes = useCan("triggers:write");
  const flow = useFlow(flowId);
  const names = inputNames(flow.data?.definition);
  const [deleting, setDeleting] = useState<Trigger | null>(null);
  const list = useTriggers(flowId, url.search);
  const columns = useColumns(writes, setDeleting);
  const add = writes && <AddButtons onAdd={url.make} />;
  return (
    <>
      <PageBar
        crumbs={[
          { label: "Flows", href: FLOWS_PATH },
          { label: flow.data?.name ?? "Flow", href: flowHref(flowId) },
          { label: "Triggers" },
        ]}
        actions={flow.data && add}
      />
      {flow.error && !flow.data ? (
        <ErrorState
          error={flow.error}
          title="The flow could not be opened"
          onRetry={() => void flow.refetch()}
        />
      ) : (
        <ListPage
          label="Triggers"
          noun="triggers"
          list={list}
          columns={columns}
          {...url.bound}
          empty={
            <EmptyState
              icon={<CalendarClock />}
              title="No triggers yet"
              description="A schedule starts the flow at certain times. A webhook starts it when another service calls its address."
              action={
                writes && <Button onClick={() => url.make("schedule")}>Add a schedule</Button>
              }
            />
          }
        />
      )}
      {kind && writes && flow.data && (
        <NewTriggerSheet kind={kind} flowId={flowId} names={names} onClose={url.close} />
      )}
      {url.open && <TriggerSheet key={url.open} id={url.open} names={names} onClose={url.close} />}
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
    nameColumn(),
    {
      id: "kind",
      secondary: true,
      header: "Starts the flow",
      // What is left of a narrow page must do for the name.
      className: "w-60 xl:w-100",
      cell: (trigger) => <When trigger={trigger} />,
    },
    {
      id: "next",
      secondary: true,
      header: "Next",
      className: "w-24",
      cell: ({ next_at }) => <RelativeTime ahead time={next_at} className="text-muted" />,
    },
    {
      id: "last",
      secondary: true,
      header: "Last",
      className: "w-44",
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
    activeColumn((trigger) => <Active {...{ trigger, writes }} />),
    actionsColumn(
      (trigger) => (writes || runs) && <TriggerMenu {...{ trigger, writes, runs, onDelete }} />,
    ),
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

function Active({ trigger, writes }: { trigger: Trigger; writes: boolean }) {
  return <ActiveSwitch of={trigger} change={useChangeTrigger()} disabled={!writes} />;
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
  const remove = deleteItem(() => onDelete(trigger));
  return (
    <RowMenu name={trigger.name} items={[...(runs ? [start] : []), ...(writes ? [remove] : [])]} />
  );
}
