"use client";

/** What came of a trigger lately. */
import Link from "next/link";
import { Badge } from "@/components/badge";
import { RelativeTime } from "@/components/relative-time";
import { StatusBadge } from "@/components/status-badge";
import { executionHref } from "@/features/executions";
import { useFirings, type Firing } from "../api";

const causes: Record<Firing["cause"], string> = {
  schedule: "On time",
  webhook: "Called",
  manual: "By hand",
};

export function Firings({ triggerId }: { triggerId: string }) {
  const { data } = useFirings(triggerId);
  if (!data) return null;
  return (
    <section aria-label="Recent firings" className="mt-6 border-t pt-4">
      <h3 className="font-semibold">Recent firings</h3>
      {data.items.length === 0 && (
        <p className="mt-1 text-muted">This trigger has not fired yet.</p>
      )}
      <ul className="mt-2 flex flex-col">
        {data.items.map((firing) => (
          <li
            key={firing.id}
            className="flex min-h-8 items-center gap-2 border-b py-1 last:border-0"
          >
            <Outcome firing={firing} />
            <span className="min-w-0 flex-1 text-xs text-muted">
              {firing.message ?? causes[firing.cause]}
            </span>
            <RelativeTime time={firing.at} className="text-xs text-muted" />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Its execution's status, which leads there; or why there is none. */
export function Outcome({ firing }: { firing: Firing }) {
  if (firing.execution_id && firing.execution_status) {
    return (
      <Link
        href={executionHref(firing.execution_id)}
        prefetch={false}
        onClick={(event) => event.stopPropagation()}
      >
        <StatusBadge status={firing.execution_status} />
      </Link>
    );
  }
  if (firing.outcome === "failed") return <Badge tone="failed">Not started</Badge>;
  if (firing.outcome === "skipped") return <Badge>Skipped</Badge>;
  if (firing.outcome === "queued") return <Badge tone="waiting">Waiting</Badge>;
  return <Badge>Execution deleted</Badge>;
}
