"use client";

/** One step of a run: how it went, what it worked on, what it gave, and how it got there. */
import { Crosshair } from "lucide-react";
import { IconButton } from "@/components/icon-button";
import { Duration, Tokens } from "@/components/measures";
import { RelativeTime } from "@/components/relative-time";
import { StatusBadge } from "@/components/status-badge";
import { cn } from "@/lib/cn";
import { addUsage, type NodeState } from "@/lib/events";
import { typeName, type Step } from "../model/outline";
import { isPriced } from "../model/reading";
import { Cost } from "./cost";
import { Failure } from "./failure";
import { StreamText } from "./stream-text";
import { LlmCalls, LogLines, Tasks, ToolCalls } from "./trace-lists";
import { ValueView } from "./value-view";

type NodeDetailsProps = {
  step: Step;
  node: NodeState | undefined;
  /** When the run began. */
  begin: string | null;
  /** Given when the person has chosen this step: goes back to showing what is going on. */
  onFollow?: () => void;
  className?: string;
};

export function NodeDetails({ step, node, begin, onFollow, className }: NodeDetailsProps) {
  return (
    <section
      aria-label={`Step ${step.name}`}
      className={cn("flex flex-col gap-3 px-4 py-3", className)}
    >
      <header>
        <div className="flex h-7 items-center gap-2">
          <h2 className="min-w-0 truncate text-base font-semibold" title={step.name}>
            {step.name}
          </h2>
          <span className="text-xs text-muted">{typeName(step.type)}</span>
          <span className="flex-1" />
          {onFollow && (
            <IconButton
              label="Follow the run again"
              icon={<Crosshair aria-hidden />}
              onClick={onFollow}
            />
          )}
          <StatusBadge status={node?.status ?? "pending"} />
        </div>
        {node && <Facts node={node} />}
      </header>
      {node ? <Parts node={node} begin={begin} /> : null}
    </section>
  );
}

function Facts({ node }: { node: NodeState }) {
  const { total_tokens, cost_usd } = addUsage(node.usage, node.pending_usage);
  const busy = node.status === "running" || node.status === "waiting";
  return (
    <p className="mt-1 flex min-h-5 flex-wrap items-center gap-x-3 text-xs text-muted">
      {node.started_at && (
        <Duration from={node.started_at} to={busy ? null : (node.finished_at ?? node.started_at)} />
      )}
      {node.attempt > 1 && <span>Attempt {node.attempt}</span>}
      {total_tokens > 0 && (
        <span>
          <Tokens value={total_tokens} /> tokens
        </span>
      )}
      {total_tokens > 0 && <Cost usd={cost_usd} priced={isPriced(node)} />}
      {node.handle && <span>Went to “{node.handle}”</span>}
      {node.retry_at && (
        <span className="text-waiting">
          Tries again <RelativeTime time={node.retry_at} />
        </span>
      )}
    </p>
  );
}

function Parts({ node, begin }: { node: NodeState; begin: string | null }) {
  const running = node.status === "running";
  const done = node.status === "completed";
  // Afterwards the output tells the same, formatted; the calls keep their own texts.
  const streams = node.text.length > 0 && !done;
  if (node.status === "pending" || node.status === "skipped") {
    return <p className="text-muted">{quiet[node.status]}</p>;
  }
  return (
    <>
      {node.error && <Failure error={node.error} />}
      {streams && (
        <div>
          <h3 className="flex h-8 items-center text-xs font-medium text-muted">
            {running ? "Writing" : "What it wrote"}
          </h3>
          <StreamText label="Streamed text" text={node.text} live={running} />
        </div>
      )}
      {done && <ValueView title="Output" value={node.output} />}
      <Tasks tasks={node.tasks} />
      <LlmCalls calls={node.calls} />
      <ToolCalls tools={node.tools} />
      <LogLines logs={node.logs} begin={begin} />
      {node.input !== null && <ValueView title="Input" value={node.input} />}
    </>
  );
}

const quiet = {
  pending: "This step has not started yet.",
  skipped: "This step was skipped: no branch that was taken leads to it.",
};
