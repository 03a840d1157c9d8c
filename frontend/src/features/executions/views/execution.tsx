"use client";

/** The page of one execution: its timeline, what each node did, its result and its events. */
import { PencilLine } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { Button } from "@/components/button";
import { ErrorState } from "@/components/error-state";
import { SkeletonRows } from "@/components/skeleton";
import { SplitPane } from "@/components/split-pane";
import { Tabs } from "@/components/tabs";
import { PageBar } from "@/features/shell";
import { reconnect } from "@/lib/events";
import { useUrlState } from "@/lib/url-state";
import { useExecutionDetail, type FlowDefinition } from "../api";
import { EXECUTIONS_PATH } from "../links";
import { EventList } from "../parts/event-list";
import { versionName } from "../model/naming";
import { NodeDetails } from "../parts/node-details";
import { Result, Values } from "../parts/result";
import { Controls } from "../parts/controls";
import { ExecutionId, ExecutionFacts } from "../parts/execution-facts";
import { Timeline } from "../parts/timeline";
import { LogLines } from "../parts/trace-lists";
import { useLiveExecution, type LiveExecution } from "../use-live-execution";
import { useItemChoice } from "../use-item-choice";

/** What a canvas beside the execution is given, e.g. the editor's in read-only mode. */
export type ExecutionCanvasProps = {
  executionId: string;
  flowName: string;
  definition: FlowDefinition;
  /** The path of the chosen node, or of an iteration. */
  selected: string | null;
  onSelect: (path: string | null) => void;
};

type ExecutionViewProps = {
  executionId: string;
  /** Draws the flow; without it the page has no drawing. */
  canvas?: (props: ExecutionCanvasProps) => ReactNode;
};

export function ExecutionView({ executionId, canvas }: ExecutionViewProps) {
  const execution = useLiveExecution(executionId);
  const { error, refetch } = useExecutionDetail(executionId);
  const name = execution.detail?.flow_name ?? "Execution";
  const version = execution.detail && versionName(execution.detail);
  const crumbs = [{ label: "Executions", href: EXECUTIONS_PATH }, { label: name }];
  if (error && execution.state.seq === 0) {
    const retry = () => {
      void refetch();
      reconnect(executionId);
    };
    return (
      <>
        <PageBar crumbs={crumbs} />
        <ErrorState error={error} title="The execution could not be loaded" onRetry={retry} />
      </>
    );
  }
  return (
    <div className="flex h-full flex-col">
      <PageBar crumbs={crumbs} actions={<Actions execution={execution} />} />
      <header className="flex shrink-0 flex-wrap items-center gap-x-4 gap-y-1 border-b px-4 py-2">
        <h1 title={name} className="max-w-xl min-w-0 truncate text-base font-semibold">
          {name}
        </h1>
        <span className="text-xs text-muted">{version}</span>
        <ExecutionFacts execution={execution} className="grow max-md:basis-full" />
        <ExecutionId id={executionId} />
      </header>
      {execution.items.length === 0 ? (
        <SkeletonRows rows={4} />
      ) : (
        <Body execution={execution} canvas={canvas} />
      )}
    </div>
  );
}

function Actions({ execution }: { execution: LiveExecution }) {
  const flowId = execution.detail?.flow_id;
  return (
    <>
      {flowId && (
        <Button asChild variant="ghost">
          <Link href={`/flows/edit/?id=${flowId}`} prefetch={false}>
            <PencilLine aria-hidden />
            Open flow
          </Link>
        </Button>
      )}
      <Controls execution={execution} />
    </>
  );
}

type Picture = { value: string; label: string; content: ReactNode };

function Body({
  execution,
  canvas,
}: {
  execution: LiveExecution;
  canvas: ExecutionViewProps["canvas"];
}) {
  const [params, change] = useUrlState();
  const { path, chosen, choose } = useItemChoice(execution, {
    selected: params.get("node"),
    onSelect: (nodeId) => change({ node: nodeId }),
  });
  const { detail, state, id } = execution;
  const shown = path === null ? undefined : execution.itemAt(path);
  const tabs = [
    {
      value: "result",
      label: "Result",
      content: (
        <Padded title="Result">
          <Result execution={execution} onSelect={choose} />
        </Padded>
      ),
    },
    {
      value: "events",
      label: "Events",
      content: <EventList execution={execution} className="h-full" />,
    },
    {
      value: "inputs",
      label: "Inputs",
      content: (
        <Padded title="Inputs">
          <Values values={detail?.inputs ?? state.inputs} empty="This execution has no inputs." />
        </Padded>
      ),
    },
    {
      value: "log",
      label: "Log",
      content: (
        <Padded title="Log">
          <ExecutionLog execution={execution} />
        </Padded>
      ),
    },
  ];
  const timeline = (
    <Timeline execution={execution} selected={path} onSelect={choose} className="size-full" />
  );
  const pictures: Picture[] = [{ value: "timeline", label: "Timeline", content: timeline }];
  if (canvas && detail) {
    const { definition } = detail;
    const flowName = detail.flow_name ?? "Flow";
    const drawing = canvas({
      executionId: id,
      flowName,
      definition,
      selected: path,
      onSelect: choose,
    });
    pictures.push({ value: "canvas", label: "Canvas", content: drawing });
  }
  return (
    <div className="min-h-0 flex-1">
      <SplitPane
        name="execution"
        initial={440}
        min={280}
        side={
          <div className="size-full overflow-auto">
            {shown && (
              <NodeDetails
                key={shown.id}
                item={shown}
                execution={execution}
                onSelect={choose}
                onFollow={chosen ? () => choose(null) : undefined}
              />
            )}
          </div>
        }
      >
        <div className="absolute inset-0">
          <SplitPane
            name="execution.views"
            direction="vertical"
            initial={420}
            side={
              <Tabs
                label="Views of the execution"
                flush
                className="h-full"
                tabs={tabs}
                value={tabs.find(({ value }) => value === params.get("tab"))?.value ?? "result"}
                onChange={(tab) => change({ tab: tab === "result" ? null : tab })}
              />
            }
          >
            <div className="absolute inset-0">
              {pictures.length === 1 ? (
                timeline
              ) : (
                <Tabs
                  label="Timeline and canvas"
                  flush
                  className="h-full"
                  tabs={pictures}
                  value={params.get("view") === "canvas" ? "canvas" : "timeline"}
                  onChange={(view) => change({ view: view === "canvas" ? view : null })}
                />
              )}
            </div>
          </SplitPane>
        </div>
      </SplitPane>
    </div>
  );
}

function Padded({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="px-4 py-3">
      <h2 className="sr-only">{title}</h2>
      {children}
    </div>
  );
}

/** Lines of the execution and of all its nodes, in order. */
function ExecutionLog({ execution: { state } }: { execution: LiveExecution }) {
  const lines = [state.logs, ...[...state.nodes.values()].map(({ logs }) => logs)].flat();
  if (lines.length === 0) return <p className="text-muted">This execution has no log lines.</p>;
  return (
    <LogLines logs={lines.sort((one, other) => one.seq - other.seq)} begin={state.queued_at} />
  );
}
