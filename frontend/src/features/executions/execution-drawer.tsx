"use client";

/** An execution in little: under the canvas of the editor, or beside the list of executions. */
import { ExternalLink, X } from "lucide-react";
import Link from "next/link";
import { Button } from "@/components/button";
import { ErrorState } from "@/components/error-state";
import { IconButton } from "@/components/icon-button";
import { SplitPane } from "@/components/split-pane";
import { Tabs } from "@/components/tabs";
import { cn } from "@/lib/cn";
import { reconnect } from "@/lib/events";
import { executionHref } from "./links";
import { EventList } from "./parts/event-list";
import { NodeDetails } from "./parts/node-details";
import { Result } from "./parts/result";
import { Controls } from "./parts/controls";
import { ExecutionFacts } from "./parts/execution-facts";
import { Timeline } from "./parts/timeline";
import { useLiveExecution } from "./use-live-execution";
import { useItemChoice } from "./use-item-choice";

type ExecutionDrawerProps = {
  executionId: string;
  onClose: () => void;
  /** Shows another execution in place of this one; without it the page of that execution opens. */
  onStarted?: (executionId: string) => void;
  /** Saves what is being edited before an execution of it; rejects when that was not possible. */
  beforeStart?: () => Promise<void>;
  /** The chosen node, when it is held elsewhere (the selection of the canvas). */
  selected?: string | null;
  onSelect?: (nodeId: string | null) => void;
  /** "wide": details stand beside the timeline; "tall": below it. */
  shape?: "wide" | "tall";
  className?: string;
};

export function ExecutionDrawer(props: ExecutionDrawerProps) {
  const { executionId, onClose, selected = null, onSelect, shape = "wide", className } = props;
  const execution = useLiveExecution(executionId);
  const { path, chosen, choose } = useItemChoice(execution, onSelect && { selected, onSelect });
  const { state } = execution;
  const shown = path === null ? undefined : execution.itemAt(path);
  const name = execution.detail?.flow_name ?? "Execution";
  const timeline = (
    <Timeline execution={execution} selected={path} onSelect={choose} className="size-full" />
  );
  const details = shown && (
    <NodeDetails
      key={shown.id}
      item={shown}
      execution={execution}
      onSelect={choose}
      onFollow={chosen ? () => choose(null) : undefined}
    />
  );
  return (
    <section
      aria-label={`Execution of ${name}`}
      className={cn("flex size-full min-h-0 flex-col bg-background", className)}
    >
      <header className="flex min-h-10 shrink-0 items-center gap-2 border-b px-4 py-1">
        {shape === "tall" ? (
          <h2 className="min-w-0 flex-1 truncate font-semibold">{name}</h2>
        ) : (
          <ExecutionFacts execution={execution} className="min-w-0 flex-1" />
        )}
        <Controls
          execution={execution}
          size="sm"
          onStarted={props.onStarted}
          beforeStart={props.beforeStart}
        />
        <Button asChild size="sm" variant="ghost">
          <Link href={executionHref(executionId)} prefetch={false}>
            <ExternalLink aria-hidden />
            Open
          </Link>
        </Button>
        <IconButton label="Close" icon={<X aria-hidden />} onClick={onClose} />
      </header>
      {shape === "tall" && (
        <ExecutionFacts execution={execution} className="shrink-0 border-b px-4 py-1.5" />
      )}
      {execution.connection === "failed" && state.seq === 0 ? (
        <ErrorState
          error={execution.error}
          title="The execution could not be loaded"
          onRetry={() => reconnect(executionId)}
        />
      ) : (
        <Tabs
          label="Views of the execution"
          flush
          className="flex-1"
          tabs={[
            {
              value: "timeline",
              label: "Timeline",
              content: (
                <SplitPane
                  name={`execution.${shape}`}
                  direction={shape === "wide" ? "horizontal" : "vertical"}
                  initial={shape === "wide" ? 420 : 360}
                  min={160}
                  side={<div className="size-full overflow-auto">{details}</div>}
                >
                  <div className="absolute inset-0">{timeline}</div>
                </SplitPane>
              ),
            },
            {
              value: "output",
              label: "Output",
              content: (
                <div className="px-4 py-3">
                  <Result execution={execution} onSelect={choose} />
                </div>
              ),
            },
            {
              value: "events",
              label: "Events",
              content: <EventList execution={execution} className="h-full" />,
            },
          ]}
        />
      )}
    </section>
  );
}
