"use client";

/** A run in little: under the canvas of the editor, or beside the list of executions. */
import { ExternalLink, X } from "lucide-react";
import Link from "next/link";
import { Button } from "@/components/button";
import { ErrorState } from "@/components/error-state";
import { IconButton } from "@/components/icon-button";
import { lazily } from "@/components/lazily";
import { SplitPane } from "@/components/split-pane";
import { Tabs } from "@/components/tabs";
import { cn } from "@/lib/cn";
import { reconnect } from "@/lib/events";
import { executionHref } from "./links";
import { NodeDetails } from "./parts/node-details";
import { Result } from "./parts/result";
import { Controls } from "./parts/controls";
import { RunFacts } from "./parts/run-facts";
import { Timeline } from "./parts/timeline";
import { useRun } from "./use-run";
import { useStep } from "./use-step";

/** Loaded when it is looked at. */
const EventList = lazily(() => import("./parts/event-list").then((it) => it.EventList));

type RunDrawerProps = {
  executionId: string;
  onClose: () => void;
  /** Shows another run in place of this one; without it the page of that run opens. */
  onStarted?: (executionId: string) => void;
  /** Saves what is being edited before a run of it; rejects when that was not possible. */
  beforeStart?: () => Promise<void>;
  /** The chosen step, when it is held elsewhere (the selection of the canvas). */
  selected?: string | null;
  onSelect?: (nodeId: string | null) => void;
  /** "wide": details stand beside the timeline; "tall": below it. */
  shape?: "wide" | "tall";
  className?: string;
};

export function RunDrawer(props: RunDrawerProps) {
  const { executionId, onClose, selected = null, onSelect, shape = "wide", className } = props;
  const run = useRun(executionId);
  const { step, chosen, choose } = useStep(run, onSelect && { selected, onSelect });
  const { state } = run;
  const shown = step === null ? undefined : run.stepAt(step);
  const name = run.detail?.flow_name ?? "Run";
  const timeline = <Timeline run={run} selected={step} onSelect={choose} className="size-full" />;
  const details = shown && (
    <NodeDetails
      key={shown.id}
      step={shown}
      run={run}
      onSelect={choose}
      onFollow={chosen ? () => choose(null) : undefined}
    />
  );
  return (
    <section
      aria-label={`Run of ${name}`}
      className={cn("flex size-full min-h-0 flex-col bg-background", className)}
    >
      <header className="flex min-h-10 shrink-0 items-center gap-2 border-b px-4 py-1">
        {shape === "tall" ? (
          <h2 className="min-w-0 flex-1 truncate font-semibold">{name}</h2>
        ) : (
          <RunFacts run={run} className="min-w-0 flex-1" />
        )}
        <Controls run={run} size="sm" onStarted={props.onStarted} beforeStart={props.beforeStart} />
        <Button asChild size="sm" variant="ghost">
          <Link href={executionHref(executionId)} prefetch={false}>
            <ExternalLink aria-hidden />
            Open
          </Link>
        </Button>
        <IconButton label="Close" icon={<X aria-hidden />} onClick={onClose} />
      </header>
      {shape === "tall" && <RunFacts run={run} className="shrink-0 border-b px-4 py-1.5" />}
      {run.connection === "failed" && state.seq === 0 ? (
        <ErrorState
          error={run.error}
          title="The run could not be loaded"
          onRetry={() => reconnect(executionId)}
        />
      ) : (
        <Tabs
          label="Views of the run"
          flush
          className="flex-1"
          tabs={[
            {
              value: "timeline",
              label: "Timeline",
              content: (
                <SplitPane
                  name={`run.${shape}`}
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
                  <Result run={run} onSelect={choose} />
                </div>
              ),
            },
            {
              value: "events",
              label: "Events",
              content: <EventList run={run} className="h-full" />,
            },
          ]}
        />
      )}
    </section>
  );
}
