"use client";

/** One node of an execution: how it went, what it worked on, what it gave, and how it got there. */
import { Crosshair } from "lucide-react";
import Link from "next/link";
import { useMemo } from "react";
import { IconButton } from "@/components/icon-button";
import { Spent, Tokens } from "@/components/measures";
import { RelativeTime } from "@/components/relative-time";
import { IterationList } from "@/components/iteration-list";
import { Markdown } from "@/components/markdown";
import { StatusBadge, StatusIcon } from "@/components/status-badge";
import { cn } from "@/lib/cn";
import { addUsage, waitedOf, type Json, type NodeState } from "@/lib/events";
import { around, itemsIn, typeName, type OutlineItem } from "../model/outline";
import { isPriced } from "../model/reading";
import type { LiveExecution } from "../use-live-execution";
import { Cost } from "./cost";
import { Exchanges } from "./exchanges";
import { Failure } from "./failure";
import { ForkButton } from "./fork-button";
import { StreamText } from "./stream-text";
import { LlmCalls, LogLines, Tasks, ToolCalls } from "./trace-lists";
import { ValueView } from "./value-view";

type NodeDetailsProps = {
  execution: LiveExecution;
  item: OutlineItem;
  onSelect: (path: string) => void;
  /** Given when the person has chosen this node: goes back to showing what is going on. */
  onFollow?: () => void;
  className?: string;
};

export function NodeDetails(props: NodeDetailsProps) {
  const { execution, item, onSelect, onFollow, className } = props;
  const node = execution.state.nodes.get(item.id);
  const isOver = node && isSettled(node);
  const inside = around(item.id);
  return (
    <section
      aria-label={`Node ${item.name}`}
      className={cn("flex flex-col gap-3 px-4 py-3", className)}
    >
      <header>
        <div className="flex h-7 items-center gap-2">
          <h2 className="min-w-0 truncate text-base font-semibold" title={item.name}>
            {item.name}
          </h2>
          <span className="text-xs text-muted">{typeName(item.type)}</span>
          <span className="flex-1" />
          {onFollow && (
            <IconButton
              label="Follow the execution"
              icon={<Crosshair aria-hidden />}
              onClick={onFollow}
            />
          )}
          <StatusBadge status={node?.status ?? "pending"} />
        </div>
        {inside.length > 0 && (
          <nav aria-label="Path to this node" className="flex flex-wrap items-center gap-1 text-xs">
            {inside.map((path) => (
              <span key={path} className="flex items-center gap-1">
                <button
                  type="button"
                  onClick={() => onSelect(path)}
                  className="h-6 rounded-sm text-accent-text underline underline-offset-2"
                >
                  {execution.itemAt(path)?.name ?? path}
                </button>
                <span aria-hidden className="text-muted">
                  /
                </span>
              </span>
            ))}
          </nav>
        )}
        <div className="flex items-center gap-2">
          {node && <Facts node={node} />}
          <span className="flex-1" />
          {isOver && <ForkButton execution={execution} item={item} />}
        </div>
      </header>
      <Within execution={execution} item={item} node={node} onSelect={onSelect} />
      {node ? <Parts node={node} begin={execution.state.queued_at} /> : null}
      {node && <Exchanges execution={execution.id} path={item.id} type={item.type} node={node} />}
    </section>
  );
}

function isSettled({ status }: NodeState): boolean {
  return status === "completed" || status === "failed" || status === "cancelled";
}

type WithinProps = Pick<NodeDetailsProps, "execution" | "item" | "onSelect"> & {
  node: NodeState | undefined;
};

/** The iterations of a body, or the nodes of an iteration. */
function Within({ execution, item, node, onSelect }: WithinProps) {
  const total = node?.iterations ?? 0;
  const { nodes } = execution.state;
  const rows = useMemo(
    () =>
      Array.from({ length: total }, (_, index) => {
        const one = nodes.get(`${item.id}[${index}]`);
        return {
          index,
          status: one?.status ?? ("pending" as const),
          item: one?.input ?? null,
          startedAt: one?.started_at ?? null,
          finishedAt: one?.finished_at ?? null,
        };
      }),
    [total, nodes, item.id],
  );
  if (total > 0) {
    return (
      <div>
        <h3 className="flex h-8 items-center text-xs font-medium text-muted">
          Iterations, {node?.iterationCounts.over} of {total}
          {node && node.iterationCounts.failed > 0 && `, ${node.iterationCounts.failed} failed`}
        </h3>
        <IterationList
          rows={rows}
          chosen={null}
          onChoose={(index) => onSelect(`${item.id}[${index}]`)}
          className="max-h-80"
        />
      </div>
    );
  }
  if (item.type !== "iteration" || !execution.detail) return null;
  return (
    <div>
      <h3 className="flex h-8 items-center text-xs font-medium text-muted">Nodes</h3>
      <ol>
        {itemsIn(execution.detail.definition, item.id).map((inner) => (
          <li key={inner.id}>
            <button
              type="button"
              onClick={() => onSelect(inner.id)}
              className="flex h-7 w-full items-center gap-2 rounded-sm px-2 text-left hover:bg-hover"
            >
              <StatusIcon status={nodes.get(inner.id)?.status ?? "pending"} />
              <span className="min-w-0 truncate">{inner.name}</span>
              <span className="text-xs text-muted">{typeName(inner.type)}</span>
            </button>
          </li>
        ))}
      </ol>
    </div>
  );
}

function Facts({ node }: { node: NodeState }) {
  const { total_tokens, cost_usd } = addUsage(node.usage, node.pending_usage);
  const busy = node.status === "running" || node.status === "waiting";
  return (
    <p className="mt-1 flex min-h-5 flex-wrap items-center gap-x-3 text-xs text-muted">
      {node.started_at && (
        <Spent
          from={node.started_at}
          to={busy ? null : (node.finished_at ?? node.started_at)}
          waited={waitedOf(node)}
        />
      )}
      {node.attempt > 1 && <span>Attempt {node.attempt}</span>}
      {total_tokens > 0 && (
        <span>
          <Tokens value={total_tokens} /> tokens
        </span>
      )}
      {total_tokens > 0 && <Cost usd={cost_usd} priced={isPriced(node)} />}
      {node.handle && <span>Branch “{node.handle}”</span>}
      {node.status === "waiting" && node.retry_at && (
        <span className="text-waiting">
          {node.error ? "Next attempt" : node.request ? "Due" : "Continues"}{" "}
          <RelativeTime ahead time={node.retry_at} />
        </span>
      )}
      {node.status === "waiting" && node.request && (
        <Link href="/inbox/" prefetch={false} className="text-accent-text underline">
          Answer it in the inbox
        </Link>
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
            {running ? "Writing" : "Streamed text"}
          </h3>
          <StreamText label="Streamed text" text={node.text} live={running} />
        </div>
      )}
      {node.request && <Asked request={node.request} />}
      {done && <ValueView title="Output" value={node.output} />}
      <Tasks tasks={node.tasks} />
      <LlmCalls calls={node.calls} />
      <ToolCalls tools={node.tools} />
      <LogLines logs={node.logs} begin={begin} />
      {node.input !== null && <ValueView title="Input" value={node.input} />}
    </>
  );
}

/** What the person is asked. */
function Asked({ request }: { request: Record<string, Json> }) {
  const { title, details } = request;
  return (
    <div>
      <h3 className="flex h-8 items-center text-xs font-medium text-muted">Question</h3>
      <p className="font-medium">{String(title ?? "")}</p>
      {typeof details === "string" && details !== "" && <Markdown text={details} />}
    </div>
  );
}

const quiet = {
  pending: "This node has not started yet.",
  skipped: "This node was skipped, because no branch that was taken leads to it.",
};
