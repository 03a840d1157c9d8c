"use client";

/** All executions, newest first; a row opens beside the list. */
import { Play } from "lucide-react";
import Link from "next/link";
import { CodeText } from "@/components/code-text";
import { Button } from "@/components/button";
import { Combobox } from "@/components/combobox";
import { EmptyState } from "@/components/empty-state";
import { lazily } from "@/components/lazily";
import { ErrorState } from "@/components/error-state";
import { FilterChips } from "@/components/filter-chips";
import { Money, Tokens, Work } from "@/components/measures";
import { RelativeTime } from "@/components/relative-time";
import { MoreRows } from "@/components/more-rows";
import { SkeletonRows } from "@/components/skeleton";
import { SplitPane } from "@/components/split-pane";
import { StatusBadge, statusLooks } from "@/components/status-badge";
import { Table, type Column } from "@/components/table";
import { PageBar } from "@/features/shell";
import { isFinal, type ExecutionStatus } from "@/lib/events";
import { useUrlState } from "@/lib/url-state";
import { useExecutions, useFlowChoices, type ExecutionSummary } from "../api";
import { versionName } from "../model/naming";

/** Loaded when one is opened. */
const ExecutionDrawer = lazily(() =>
  import("../execution-drawer").then((it) => it.ExecutionDrawer),
);

const statuses: ExecutionStatus[] = [
  "running",
  "waiting",
  "pending",
  "completed",
  "failed",
  "cancelled",
];

export function ExecutionsView() {
  const [params, change] = useUrlState();
  const status = statuses.find((one) => one === params.get("status")) ?? null;
  const flowId = params.get("flow");
  const open = params.get("open");
  const list = (
    <div className="absolute inset-0 flex flex-col">
      <Filters status={status} flowId={flowId} onChange={change} />
      <List
        status={status}
        flowId={flowId}
        open={open}
        onOpen={(id) => change({ open: id === open ? null : id })}
        onClear={() => change({ status: null, flow: null })}
      />
    </div>
  );
  return (
    <div className="relative h-full">
      <PageBar crumbs={[{ label: "Executions" }]} />
      <h1 className="sr-only">Executions</h1>
      {open ? (
        <SplitPane
          name="executions"
          narrow="cover"
          initial={520}
          min={360}
          side={
            <ExecutionDrawer
              key={open}
              executionId={open}
              shape="tall"
              onClose={() => change({ open: null })}
              onStarted={(id) => change({ open: id })}
            />
          }
        >
          {list}
        </SplitPane>
      ) : (
        list
      )}
    </div>
  );
}

type FiltersProps = {
  status: ExecutionStatus | null;
  flowId: string | null;
  onChange: (changes: Record<string, string | null>) => void;
};

const ANY = "any";

function Filters({ status, flowId, onChange }: FiltersProps) {
  const { data } = useFlowChoices();
  const flows = (data?.items ?? []).map(({ id, name }) => ({ value: id, label: name }));
  return (
    <div className="flex shrink-0 flex-wrap items-center gap-2 border-b px-4 py-2">
      <FilterChips
        label="Status"
        chips={statuses.map((value) => {
          const { word: label, icon: Icon, text } = statusLooks[value];
          return { value, label, icon: <Icon aria-hidden className={text} /> };
        })}
        value={status}
        onChange={(value) => onChange({ status: value })}
      />
      <Combobox
        aria-label="Flow"
        className="h-7 w-52"
        options={[{ value: ANY, label: "All flows" }, ...flows]}
        value={flowId ?? ANY}
        onChange={(value) => onChange({ flow: value === ANY ? null : value })}
      />
    </div>
  );
}

type ListProps = {
  status: ExecutionStatus | null;
  flowId: string | null;
  open: string | null;
  onOpen: (id: string) => void;
  onClear: () => void;
};

function List({ status, flowId, open, onOpen, onClear }: ListProps) {
  const list = useExecutions({ status, flowId });
  if (list.error && !list.data) {
    return (
      <ErrorState
        error={list.error}
        title="The executions could not be loaded"
        onRetry={() => void list.refetch()}
      />
    );
  }
  if (!list.data) return <SkeletonRows rows={10} />;
  const rows = list.data.pages.flatMap((page) => page.items);
  if (rows.length === 0) {
    return status || flowId ? <NothingMatches onClear={onClear} /> : <NothingYet />;
  }
  return (
    <div className="min-h-0 flex-1 overflow-auto">
      {/* Below this width it scrolls sideways: the column without a width would vanish. */}
      <div className={open ? "sm:min-w-120" : "sm:min-w-190"}>
        <Table
          label="Executions"
          columns={open ? columns.filter(({ id }) => narrow.has(id)) : columns}
          rows={rows}
          rowId={({ id }) => id}
          openId={open}
          onOpen={({ id }) => onOpen(id)}
        />
      </div>
      <MoreRows list={list} />
    </div>
  );
}

/** What stays when there is an execution beside the list. */
const narrow = new Set(["status", "flow", "started", "duration"]);

const columns: Column<ExecutionSummary>[] = [
  {
    id: "status",
    header: "Status",
    className: "w-32",
    cell: ({ status }) => <StatusBadge status={status} />,
  },
  {
    id: "flow",
    header: "Flow",
    cell: (execution) => (
      <span title={execution.error?.message} className="flex items-baseline gap-2">
        <span className="truncate font-medium">{execution.flow_name ?? "Without a flow"}</span>
        <span className="shrink-0 text-xs text-muted">{versionName(execution)}</span>
        {execution.error && (
          <span className="min-w-1/3 flex-1 truncate text-xs text-failed">
            <CodeText text={execution.error.message} />
          </span>
        )}
      </span>
    ),
  },
  {
    id: "started",
    secondary: true,
    header: "Started",
    className: "w-28",
    cell: ({ started_at, created_at }) => <RelativeTime time={started_at ?? created_at} />,
  },
  {
    id: "duration",
    secondary: true,
    header: "Duration",
    align: "right",
    className: "w-24",
    cell: (execution) => <ExecutionTime execution={execution} />,
  },
  {
    id: "tokens",
    secondary: true,
    header: "Tokens",
    align: "right",
    className: "w-20",
    cell: ({ usage }) => <Tokens value={usage.total_tokens} />,
  },
  {
    id: "cost",
    secondary: true,
    header: "Cost",
    align: "right",
    className: "w-24",
    cell: ({ usage }) => <Money value={usage.cost_usd} />,
  },
];

/** Waiting is not work; how long it waited is said on hover, and on its own page. */
function ExecutionTime({ execution }: { execution: ExecutionSummary }) {
  const { status, started_at, finished_at, waited_seconds, waits_since } = execution;
  if (!started_at || (isFinal(status) && !finished_at)) return "–";
  const waited = { ms: waited_seconds * 1000, since: waits_since };
  return <Work from={started_at} to={finished_at} waited={waited} />;
}

function NothingYet() {
  return (
    <EmptyState
      icon={<Play />}
      title="No executions yet"
      description="Run a flow to see its execution here, with the input, output, time and cost of each node."
      action={
        <Button asChild variant="primary">
          <Link href="/flows/" prefetch={false}>
            Go to flows
          </Link>
        </Button>
      }
    />
  );
}

function NothingMatches({ onClear }: { onClear: () => void }) {
  return (
    <EmptyState
      icon={<Play />}
      title="No executions match"
      description="No execution has this status and this flow."
      action={<Button onClick={onClear}>Show all executions</Button>}
    />
  );
}
