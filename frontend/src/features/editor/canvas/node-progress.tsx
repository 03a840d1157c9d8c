"use client";

/** What an execution shows on a node: while it works its time and text, afterwards what it took. */
import { Money, Spent, Tokens } from "@/components/measures";
import { RelativeTime } from "@/components/relative-time";
import { StatusIcon, statusLooks } from "@/components/status-badge";
import type { NodeOverlay } from "@/lib/events";
import { cn } from "@/lib/cn";

export function NodeProgress({ overlay }: { overlay: NodeOverlay }) {
  if (overlay.status === "pending") return null;
  const live = overlay.status === "running" || overlay.status === "waiting";
  return (
    <div className="border-t px-3 py-1.5 text-xs">
      <div className="flex h-4 items-center gap-1.5 text-muted">
        <StatusIcon status={overlay.status} labelled={false} />
        <span className={cn("flex-1", statusLooks[overlay.status].text)}>
          {statusLooks[overlay.status].word}
          {overlay.until && (
            <>
              , {overlay.asks && "due "}
              <RelativeTime ahead time={overlay.until} />
            </>
          )}
        </span>
        {overlay.startedAt && (
          <Spent from={overlay.startedAt} to={overlay.finishedAt} waited={overlay.waited} />
        )}
      </div>
      {overlay.tokens > 0 && (
        <p className="mt-0.5 flex justify-between pl-5 text-muted">
          <span>
            <Tokens value={overlay.tokens} /> tokens
          </span>
          {overlay.costUsd > 0 && <Money value={overlay.costUsd} />}
        </p>
      )}
      {live && overlay.text && (
        // The end of the text is what is new.
        <div className="mt-1 flex max-h-12 flex-col justify-end overflow-hidden">
          <p className="font-mono text-[0.6875rem] leading-4 break-words whitespace-pre-wrap text-muted">
            {overlay.text}
          </p>
        </div>
      )}
      {overlay.error && (
        <p className="mt-1 line-clamp-2 break-words text-failed">{overlay.error}</p>
      )}
    </div>
  );
}

/** A thin ring around the node's tile: turning while it works, closed and coloured afterwards. */
export function StatusRing({ overlay }: { overlay: NodeOverlay | undefined }) {
  if (!overlay || overlay.status === "pending") return null;
  const live = overlay.status === "running";
  return (
    <svg
      aria-hidden
      viewBox="0 0 36 36"
      className={cn(
        "pointer-events-none absolute -inset-1 size-9 fill-none",
        statusLooks[overlay.status].text,
        live && "animate-spin",
      )}
    >
      <rect
        x="1"
        y="1"
        width="34"
        height="34"
        rx={live ? 17 : 8}
        stroke="currentColor"
        strokeWidth="1.5"
        strokeDasharray={live ? "40 80" : undefined}
        strokeLinecap="round"
      />
    </svg>
  );
}
