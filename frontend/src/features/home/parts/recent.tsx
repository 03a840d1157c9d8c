"use client";

/** The latest executions and flows, each a link to its page. */
import { Workflow } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { Badge } from "@/components/badge";
import { ErrorState } from "@/components/error-state";
import { IconTile } from "@/components/icon-tile";
import { Money } from "@/components/measures";
import { RelativeTime } from "@/components/relative-time";
import { SkeletonRows } from "@/components/skeleton";
import { StatusBadge } from "@/components/status-badge";
import { EXECUTIONS_PATH, executionHref } from "@/features/executions";
import { FLOWS_PATH, flowHref } from "@/features/flows";
import type { useRecentExecutions, useRecentFlows } from "../api";

const SHOWN = 5;

export function RecentExecutions({ list }: { list: ReturnType<typeof useRecentExecutions> }) {
  return (
    <Recent title="Recent executions" href={EXECUTIONS_PATH} list={list}>
      {list.data?.items.map((execution) => (
        <Row key={execution.id} href={executionHref(execution.id)}>
          <span className="w-26 shrink-0">
            <StatusBadge status={execution.status} />
          </span>
          <span className="min-w-0 flex-1 truncate font-medium max-md:order-first max-md:basis-full">
            {execution.flow_name ?? "Without a flow"}
          </span>
          <Money value={execution.usage.cost_usd} className="text-muted max-md:hidden" />
          <RelativeTime
            time={execution.created_at}
            className="w-20 shrink-0 text-right text-muted max-md:ml-auto"
          />
        </Row>
      ))}
      {list.data?.items.length === 0 && <Nothing>There are no executions yet.</Nothing>}
    </Recent>
  );
}

export function RecentFlows({ list }: { list: ReturnType<typeof useRecentFlows> }) {
  return (
    <Recent title="Recent flows" href={FLOWS_PATH} list={list}>
      {list.data?.slice(0, SHOWN).map((flow) => (
        <Row key={flow.id} href={flowHref(flow.id)}>
          <IconTile group="logic" className="size-6">
            <Workflow />
          </IconTile>
          <span className="min-w-0 flex-1 truncate font-medium">{flow.name}</span>
          {flow.published_version && (
            <Badge className="max-md:hidden">Version {flow.published_version}</Badge>
          )}
          <RelativeTime time={flow.updated_at} className="w-20 text-right text-muted" />
        </Row>
      ))}
      {list.data?.length === 0 && <Nothing>There are no flows yet.</Nothing>}
    </Recent>
  );
}

type RecentProps = {
  title: string;
  /** Where all of them are. */
  href: string;
  list: { data: unknown; error: unknown; refetch: () => Promise<unknown> };
  children: ReactNode;
};

function Recent({ title, href, list, children }: RecentProps) {
  return (
    <section className="mt-8">
      <div className="flex items-baseline justify-between gap-2 pb-2">
        <h2 className="text-base font-semibold">{title}</h2>
        <Link
          href={href}
          prefetch={false}
          aria-label={`${title}: show all`}
          className="font-medium text-accent-text underline-offset-2 hover:underline"
        >
          Show all
        </Link>
      </div>
      <div className="border-t">
        {list.error && !list.data ? (
          <ErrorState
            error={list.error}
            title="This could not be loaded"
            onRetry={() => void list.refetch()}
            className="py-8"
          />
        ) : list.data ? (
          <ul>{children}</ul>
        ) : (
          <SkeletonRows rows={SHOWN} />
        )}
      </div>
    </section>
  );
}

function Row({ href, children }: { href: string; children: ReactNode }) {
  return (
    <li>
      <Link
        href={href}
        prefetch={false}
        className="flex min-h-10 items-center gap-x-3 gap-y-1 border-b px-2 -outline-offset-2 transition-colors hover:bg-hover max-md:flex-wrap max-md:py-2"
      >
        {children}
      </Link>
    </li>
  );
}

function Nothing({ children }: { children: ReactNode }) {
  return <li className="px-2 py-3 text-muted">{children}</li>;
}
