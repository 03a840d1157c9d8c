"use client";

/** The figures of a run in one line, ticking while it lasts, and its one action. */
import { CircleStop, CloudOff } from "lucide-react";
import { Button } from "@/components/button";
import { CopyButton } from "@/components/copy-button";
import { Duration, Tokens } from "@/components/measures";
import { RelativeTime } from "@/components/relative-time";
import { StatusBadge } from "@/components/status-badge";
import { toast } from "@/components/toast";
import { useNow } from "@/lib/clock";
import { cn } from "@/lib/cn";
import { isFinal, reconnect } from "@/lib/events";
import { useCancelExecution } from "../api";
import { presentOf } from "../model/timeline";
import { isPriced, progressOf, usageSoFar } from "../model/reading";
import { Cost } from "./cost";
import type { Run } from "../use-run";

export function RunFacts({ run, className }: { run: Run; className?: string }) {
  const { state, detail } = run;
  // Until the first events are here, what is stored tells more.
  const known = state.seq > 0;
  const now = presentOf(state, useNow(!isFinal(state.status)));
  const status = known ? state.status : (detail?.status ?? "pending");
  const usage = known ? usageSoFar(state) : detail?.usage;
  const started = state.started_at ?? detail?.started_at;
  const finished = state.finished_at ?? (isFinal(status) ? detail?.finished_at : null);
  return (
    <div className={cn("flex flex-wrap items-center gap-x-4 gap-y-1 text-muted", className)}>
      <StatusBadge status={status} />
      <Announcement run={run} />
      {started && (
        <Fact label="Time">
          <Duration ms={(finished ? Date.parse(finished) : now) - Date.parse(started)} />
        </Fact>
      )}
      <Fact label="Tokens">
        <Tokens value={usage?.total_tokens ?? 0} />
      </Fact>
      <Fact label="Cost">
        <Cost usd={usage?.cost_usd ?? 0} priced={[...state.nodes.values()].every(isPriced)} />
      </Fact>
      <Fact label="Started">
        <RelativeTime time={started ?? detail?.created_at} />
      </Fact>
      <ConnectionNote run={run} />
    </div>
  );
}

function Fact({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <span className="whitespace-nowrap">
      {label} <span className="text-text">{children}</span>
    </span>
  );
}

/** Says how far the run is to those who do not see it: once a step, not once a word. */
function Announcement({ run: { state } }: { run: Run }) {
  const { done, total } = progressOf(state);
  const text = state.seq > 0 ? `${state.status}. ${done} of ${total} steps finished.` : "";
  return (
    <span role="status" className="sr-only">
      {text}
    </span>
  );
}

function ConnectionNote({ run: { id, connection, error } }: { run: Run }) {
  if (connection !== "reconnecting" && connection !== "failed") return null;
  return (
    <span className="flex items-center gap-1.5 text-waiting" title={error?.message}>
      <CloudOff aria-hidden className="size-4" />
      {connection === "failed" ? "No live events" : "Connection lost, trying again"}
      <Button size="sm" variant="ghost" onClick={() => reconnect(id)}>
        Retry now
      </Button>
    </span>
  );
}

export function CancelButton({ run, size = "md" }: { run: Run; size?: "sm" | "md" }) {
  const { id, state, detail } = run;
  const cancel = useCancelExecution(id);
  if (isFinal(state.status) || (state.seq === 0 && (!detail || isFinal(detail.status))))
    return null;
  const asked = cancel.isPending || cancel.isSuccess || detail?.cancel_requested;
  return (
    <Button
      size={size}
      aria-disabled={asked || undefined}
      onClick={() => {
        if (asked) return;
        cancel.mutate(undefined, {
          onError: (error) => toast.error("The run could not be cancelled", error),
        });
      }}
    >
      <CircleStop aria-hidden />
      {asked ? "Cancelling…" : "Cancel run"}
    </Button>
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
