"use client";

/** Time, money and tokens in tabular figures. */
import { useNow } from "@/lib/clock";
import { cn } from "@/lib/cn";
import { spentOf, type Waited } from "@/lib/events/waited";
import { formatDuration, formatMoney, formatTokens } from "@/lib/format";

const LEAST_WAIT_MS = 1000;

type DurationProps = {
  /** RFC 3339; without it a dash is shown. */
  from?: string | null;
  /** RFC 3339; without it the time ticks. */
  to?: string | null;
  /** Milliseconds, when there is no beginning and end. */
  ms?: number | null;
  className?: string;
};

export function Duration({ from, to, ms, className }: DurationProps) {
  const now = useNow(Boolean(from && !to && ms == null));
  const span = ms ?? (from ? (to ? Date.parse(to) : now) - Date.parse(from) : Number.NaN);
  return <Figure className={className}>{formatDuration(span)}</Figure>;
}

type SpentProps = {
  /** RFC 3339. */
  from: string;
  /** RFC 3339; without it the time ticks. */
  to?: string | null;
  waited: Waited;
  className?: string;
};

/** How long something worked, and beside it how long it only waited; less than a second of that is not told. */
export function Spent({ from, to, waited, className }: SpentProps) {
  const { workMs, waitedMs } = spentOf(from, to, waited, useNow(!to));
  if (waitedMs < LEAST_WAIT_MS) return <Duration ms={workMs} className={className} />;
  const wait = formatDuration(waitedMs);
  const words =
    workMs < LEAST_WAIT_MS ? `Waited ${wait}` : `${formatDuration(workMs)}, waited ${wait}`;
  return <Figure className={className}>{words}</Figure>;
}

/** How long something worked; on hover, how long it only waited. */
export function Work({ from, to, waited, className }: SpentProps) {
  const { workMs, waitedMs } = spentOf(from, to, waited, useNow(!to));
  const title = waitedMs < LEAST_WAIT_MS ? undefined : `It also waited ${formatDuration(waitedMs)}`;
  return (
    <Figure className={className} title={title}>
      {formatDuration(workMs)}
    </Figure>
  );
}

type AmountProps = { value: number | string | null | undefined; className?: string };

/** US dollars; the API may send decimals as strings. */
export function Money({ value, className }: AmountProps) {
  return <Figure className={className}>{formatMoney(toNumber(value))}</Figure>;
}

export function Tokens({ value, className }: AmountProps) {
  const count = toNumber(value);
  const exact = Number.isFinite(count) ? `${count.toLocaleString("en-US")} tokens` : undefined;
  return (
    <Figure className={className} title={exact}>
      {formatTokens(count)}
    </Figure>
  );
}

function toNumber(value: AmountProps["value"]): number {
  return value == null || value === "" ? Number.NaN : Number(value);
}

type FigureProps = { children: string; className?: string; title?: string };

function Figure({ children, className, title }: FigureProps) {
  return (
    <span title={title} className={cn("whitespace-nowrap tabular-nums", className)}>
      {children}
    </span>
  );
}
