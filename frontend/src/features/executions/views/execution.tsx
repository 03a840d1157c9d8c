"use client";

/** The page of one execution: its timeline, what each step did, its result and its events. */
import { PencilLine } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { Button } from "@/components/button";
import { ErrorState } from "@/components/error-state";
import { lazily } from "@/components/lazily";
import { SkeletonRows } from "@/components/skeleton";
import { SplitPane } from "@/components/split-pane";
import { Tabs } from "@/components/tabs";
import { PageBar } from "@/features/shell";
import { reconnect } from "@/lib/events";
import { useUrlState } from "@/lib/url-state";
import { useExecutionDetail, type FlowDefinition } from "../api";
import { EXECUTIONS_PATH } from "../links";
import { versionName } from "../model/naming";
import { NodeDetails } from "../parts/node-details";
import { Result, Values } from "../parts/result";
import { Controls } from "../parts/controls";
import { ExecutionId, RunFacts } from "../parts/run-facts";
import { Timeline } from "../parts/timeline";
import { LogLines } from "../parts/trace-lists";
import { useRun, type Run } from "../use-run";
import { useStep } from "../use-step";

/** Loaded when it is looked at. */
const EventList = lazily(() => import("../parts/event-list").then((it) => it.EventList));

/** What a canvas beside the run is given, e.g. the editor's in read-only mode. */
export type RunCanvasProps = {
  executionId: string;
  flowName: string;
  definition: FlowDefinition;
  /** The path of the chosen step, or of an iteration. */
  selected: string | null;
  onSelect: (path: string | null) => void;
};

type ExecutionViewProps = {
  executionId: string;
  /** Draws the flow; without it the page has no drawing. */
  canvas?: (props: RunCanvasProps) => ReactNode;
};

export function ExecutionView({ executionId, canvas }: ExecutionViewProps) {
  const run = useRun(executionId);
  const { error, refetch } = useExecutionDetail(executionId);
  const name = run.detail?.flow_name ?? "Execution";
  const version = run.detail && versionName(run.detail);
  const crumbs = [{ label: "Executions", href: EXECUTIONS_PATH }, { label: name }];
  if (error && run.state.seq === 0) {
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
      <PageBar crumbs={crumbs} actions={<Actions run={run} />} />
      <header className="flex shrink-0 flex-wrap items-center gap-x-4 gap-y-1 border-b px-4 py-2">
        <h1 title={name} className="max-w-xl min-w-0 truncate text-base font-semibold">
          {name}
        </h1>
        <span className="text-xs text-muted">{version}</span>
        <RunFacts run={run} className="grow max-md:basis-full" />
        <ExecutionId id={executionId} />
      </header>
      {run.steps.length === 0 ? <SkeletonRows rows={4} /> : <Body run={run} canvas={canvas} />}
    </div>
  );
}

function Actions({ run }: { run: Run }) {
  const flowId = run.detail?.flow_id;
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
      <Controls run={run} />
    </>
  );
}

type Picture = { value: string; label: string; content: ReactNode };

function Body({ run, canvas }: { run: Run; canvas: ExecutionViewProps["canvas"] }) {
  const [params, change] = useUrlState();
  const { step, chosen, choose } = useStep(run, {
    selected: params.get("step"),
    onSelect: (nodeId) => change({ step: nodeId }),
  });
  const { detail, state, id } = run;
  const shown = step === null ? undefined : run.stepAt(step);
  const tabs = [
    {
      value: "result",
      label: "Result",
      content: (
        <Padded title="Result">
          <Result run={run} onSelect={choose} />
        </Padded>
      ),
    },
    {
      value: "events",
      label: "Events",
      content: <EventList run={run} className="h-full" />,
    },
    {
      value: "inputs",
      label: "Inputs",
      content: (
        <Padded title="Inputs">
          <Values
            values={detail?.inputs ?? state.inputs}
            empty="The flow was run without inputs."
          />
        </Padded>
      ),
    },
    {
      value: "log",
      label: "Log",
      content: (
        <Padded title="Log">
          <RunLog run={run} />
        </Padded>
      ),
    },
  ];
  const timeline = <Timeline run={run} selected={step} onSelect={choose} className="size-full" />;
  const pictures: Picture[] = [{ value: "timeline", label: "Timeline", content: timeline }];
  if (canvas && detail) {
    const { definition } = detail;
    const flowName = detail.flow_name ?? "Flow";
    const drawing = canvas({
      executionId: id,
      flowName,
      definition,
      selected: step,
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
                step={shown}
                run={run}
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
                  label="Pictures of the execution"
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

/** Lines of the run and of all its steps, in order. */
function RunLog({ run: { state } }: { run: Run }) {
  const lines = [state.logs, ...[...state.nodes.values()].map(({ logs }) => logs)].flat();
  if (lines.length === 0) return <p className="text-muted">The run has logged nothing.</p>;
  return (
    <LogLines logs={lines.sort((one, other) => one.seq - other.seq)} begin={state.queued_at} />
  );
}
