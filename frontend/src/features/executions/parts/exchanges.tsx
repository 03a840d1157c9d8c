"use client";

/** What a node asked models, tools and services, word for word; loaded once somebody wants to see it. */
import { Badge } from "@/components/badge";
import { ErrorState } from "@/components/error-state";
import { Duration } from "@/components/measures";
import { MoreRows } from "@/components/more-rows";
import { Spinner } from "@/components/spinner";
import { StatusIcon } from "@/components/status-badge";
import type { Json, NodeState } from "@/lib/events";
import { useExchanges, type Exchange } from "../api";
import { Failure } from "./failure";
import { FoldOut } from "./fold-out";
import { ValueView } from "./value-view";

/** Types of nodes that talk to the world. */
const TALKING = new Set(["llm", "agent", "crew", "tool", "http_request"]);

type ExchangesProps = { execution: string; path: string; type: string; node: NodeState };

export function Exchanges({ execution, path, type, node }: ExchangesProps) {
  if (!TALKING.has(type) || node.status === "pending" || node.status === "skipped") return null;
  // What comes while the node runs is seen when it has moved on.
  const version = `${node.status} ${node.attempt}`;
  return (
    <FoldOut head={<span className="text-xs font-medium text-muted">Exchanges</span>}>
      <ExchangeList execution={execution} path={path} version={version} />
    </FoldOut>
  );
}

type ListProps = { execution: string; path: string; version: string };

function ExchangeList({ execution, path, version }: ListProps) {
  const list = useExchanges(execution, path, version);
  if (list.error && !list.data) {
    return (
      <ErrorState
        error={list.error}
        title="The exchanges could not be loaded"
        onRetry={() => void list.refetch()}
        className="py-4"
      />
    );
  }
  if (!list.data) return <Spinner label="Loading exchanges" className="text-muted" />;
  const items = list.data.pages.flatMap((page) => page.items);
  if (items.length === 0) {
    return <p className="text-muted">There are no exchanges yet, or they are no longer stored.</p>;
  }
  return (
    <section aria-label="Exchanges">
      {items.map((exchange) => (
        <FoldOut key={exchange.seq} head={<Head exchange={exchange} />}>
          {exchange.cut && (
            <p className="text-xs text-muted">
              This exchange was long, so its texts are shortened here.
            </p>
          )}
          {exchange.error && <Failure error={exchange.error} />}
          <ValueView title="Request" value={said(exchange.request)} />
          {exchange.answer && <ValueView title="Answer" value={said(exchange.answer)} />}
        </FoldOut>
      ))}
      <MoreRows list={list} />
    </section>
  );
}

function Head({ exchange }: { exchange: Exchange }) {
  const { attempt, error, cut, duration_ms } = exchange;
  return (
    <>
      <StatusIcon status={error ? "failed" : "completed"} />
      <span className="min-w-0 flex-1 truncate">{partner(exchange)}</span>
      {attempt > 1 && <Badge>attempt {attempt}</Badge>}
      {cut && <Badge>shortened</Badge>}
      <Duration ms={duration_ms} className="text-xs text-muted" />
    </>
  );
}

/** Without what was left open; it would only be in the way. */
function said(fields: Record<string, Json>): Record<string, Json> {
  const isOpen = (value: Json) => value === null || (Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => !isOpen(value)));
}

/** Whom the node talked to. */
function partner({ kind, request, answer }: Exchange): string {
  if (kind === "tool") return String(request.tool ?? "Tool");
  if (kind === "http") return `${String(request.method)} ${String(request.url)}`;
  return String(answer?.model ?? request.model ?? "Model");
}
