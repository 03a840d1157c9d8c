"use client";

/** How long ago, ticking; the exact local time on hover and focus. */
import { useNow } from "@/lib/clock";
import { formatExact, formatRelative } from "@/lib/format";
import { Tooltip } from "./tooltip";

type RelativeTimeProps = {
  /** RFC 3339, as the API sends it. */
  time: string | null | undefined;
  /** Something is to happen then: the last seconds are counted. */
  ahead?: boolean;
  className?: string;
};

export function RelativeTime({ time, ahead, className }: RelativeTimeProps) {
  const now = useNow(Boolean(time));
  const at = time ? Date.parse(time) : Number.NaN;
  if (!time || Number.isNaN(at)) return <span className={className}>–</span>;
  return (
    <Tooltip label={formatExact(at)}>
      <time dateTime={time} className={className}>
        {formatRelative(at, now, ahead)}
      </time>
    </Tooltip>
  );
}
