"use client";

/** The figures of an execution in one line, ticking while it lasts, and what it waits for. */
import { CloudOff, GitFork, Pause } from "lucide-react";
import Link from "next/link";
import { Button } from "@/components/button";
import { CopyButton } from "@/components/copy-button";
import { Duration, Tokens } from "@/components/measures";
import { RelativeTime } from "@/components/relative-time";
import { StatusBadge } from "@/components/status-badge";
import { useNow } from "@/lib/clock";
import { cn } from "@/lib/cn";
import { isFinal, reconnect, spentOf } from "@/lib/events";
import { executionHref } from "../links";
import { presentOf } from "../model/timeline";
import { areAllPriced, progressOf, usageSoFar } from "../model/reading";
import { Cost } from "./cost";
import type { LiveExecution } from "../use-live-execution";

export function ExecutionFacts({
  execution,
  className,
}: {
  execution: LiveExecution;
  className?: string;
}) {
  const { state, detail } = execution;
  // Until the first events are here, what is stored tells more.
  const known = state.seq > 0;
  const now = presentOf(state, useNow(!isFinal(state.status)));
  const status = known ? state.status : (detail?.status ?? "pending");
  const usage = known ? usageSoFar(state) : detail?.usage;
  const started = state.started_at ?? detail?.started_at;
  const finished = state.finished_at ?? (isFinal(status) ? detail?.finished_at : null);
  const spent = started
    ? spentOf(started, finished, state.waited, now)
    : { workMs: 0, waitedMs: 0 };
  return (
    <div className={cn("flex flex-wrap items-center gap-x-4 gap-y-1 text-muted", className)}>
      <StatusBadge status={status} />
      {!isFinal(status) && <Holding execution={execution} />}
      <Origin execution={execution} />
      <Announcement execution={execution} />
      {started && (
        <Fact label="Time">
          <Duration ms={spent.workMs} />
        </Fact>
      )}
      {spent.waitedMs >= 1000 && (
        <Fact label="Waited">
          <Duration ms={spent.waitedMs} />
        </Fact>
      )}
      <Fact label="Tokens">
        <Tokens value={usage?.total_tokens ?? 0} />
      </Fact>
      <Fact label="Cost">
        <Cost usd={usage?.cost_usd ?? 0} priced={areAllPriced(state)} />
      </Fact>
      <Fact label={started ? "Started" : "Queued"}>
        <RelativeTime time={started ?? detail?.created_at} />
      </Fact>
      <ConnectionNote execution={execution} />
    </div>
  );
}

/** Why nothing goes on just now: paused, in a queue, or waiting for a time or a person. */
function Holding({ execution: { state, detail } }: { execution: LiveExecution }) {
  const status = state.seq > 0 ? state.status : detail?.status;
  if (status === "waiting" && (state.paused || (state.seq === 0 && detail?.paused))) {
    return (
      <span className="flex items-center gap-1.5 text-waiting">
        <Pause aria-hidden className="size-3.5" />
        Paused
      </span>
    );
  }
  if (status === "running" && detail?.paused) {
    return (
      <span className="text-waiting">Pausing. Nodes that have started will finish first.</span>
    );
  }
  if (status === "pending" && detail?.queue) {
    return <span>{queueWords(detail.queue)}</span>;
  }
  if (status !== "waiting") return null;
  const waits = [...state.nodes.values()].filter((node) => node.status === "waiting");
  const asks = waits.some((node) => node.request !== null);
  const [until] = waits.flatMap((node) => node.retry_at ?? []).sort();
  return (
    <span className="whitespace-nowrap">
      {asks && "Waits for an answer in the inbox"}
      {until && (
        <>
          {asks ? ", due" : "Continues"} <RelativeTime ahead time={until} className="text-text" />
        </>
      )}
    </span>
  );
}

const reasons = {
  workers: "no worker is free",
  flow: "the flow has reached its limit of executions at a time",
  tenant: "the tenant has reached its limit of executions at a time",
};

function queueWords({ position, reason }: { position: number; reason: keyof typeof reasons }) {
  return `Number ${position} in the queue: ${reasons[reason]}`;
}

/** The execution that this one was forked from. */
function Origin({ execution: { state, detail } }: { execution: LiveExecution }) {
  const from = state.forked_from?.execution_id ?? detail?.forked_from;
  if (!from) return null;
  return (
    <span className="flex items-center gap-1.5 whitespace-nowrap">
      <GitFork aria-hidden className="size-3.5" />
      Forked from
      <Link
        href={executionHref(from)}
        prefetch={false}
        className="font-mono text-xs text-accent-text underline underline-offset-2"
      >
        {from.slice(0, 8)}
      </Link>
    </span>
  );
}

function Fact({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <span className="whitespace-nowrap">
      {label} <span className="text-text">{children}</span>
    </span>
  );
}

/** Says how far the execution is to those who do not see it: once a node, not once a word. */
function Announcement({ execution: { state } }: { execution: LiveExecution }) {
  const { done, total } = progressOf(state);
  const text = state.seq > 0 ? `${state.status}. ${done} of ${total} nodes finished.` : "";
  return (
    <span role="status" className="sr-only">
      {text}
    </span>
  );
}

function ConnectionNote({ execution: { id, connection, error } }: { execution: LiveExecution }) {
  if (connection !== "reconnecting" && connection !== "failed") return null;
  return (
    <span className="flex items-center gap-1.5 text-waiting" title={error?.message}>
      <CloudOff aria-hidden className="size-4" />
      {connection === "failed" ? "Live updates stopped" : "Connection lost, trying again"}
      <Button size="sm" variant="ghost" onClick={() => reconnect(id)}>
        Retry now
      </Button>
    </span>
  );
}

export function ExecutionId({ id }: { id: string }) {
  return (
    <span className="flex items-center font-mono text-xs text-muted">
      {id.slice(0, 8)}
      <CopyButton text={id} label="Copy execution id" />
    </span>
  );
}
