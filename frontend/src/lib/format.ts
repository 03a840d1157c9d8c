/** Turns durations, money, token counts and times into the words the interface shows. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;

/** Milliseconds as "340 ms", "2.4 s", "41 s", "3 m 12 s", "2 h 05 m", "3 d 4 h". */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return "–";
  const span = Math.max(0, ms);
  if (Math.round(span) < SECOND) return `${Math.round(span)} ms`;
  if (span < 9.95 * SECOND) return `${(span / SECOND).toFixed(1)} s`;
  const seconds = Math.round(span / SECOND);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${pad(seconds % 60)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} m`;
  const hours = Math.floor(minutes / 60);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** US dollars: cents from one dollar up, below it two significant digits, e.g. $0.00042. */
export function formatMoney(usd: number): string {
  if (!Number.isFinite(usd)) return "–";
  const size = Math.abs(usd);
  const sign = usd < 0 ? "−" : "";
  if (size === 0) return "$0";
  if (size >= 0.1) {
    const cents = { minimumFractionDigits: 2, maximumFractionDigits: 2 };
    return `${sign}$${size.toLocaleString("en-US", cents)}`;
  }
  // More than ten decimals is noise from floating point, not a price.
  const decimals = Math.min(10, 1 - Math.floor(Math.log10(size)));
  const digits = size.toFixed(decimals).replace(/0+$/, "");
  return digits === "0." ? `${sign}<$0.0000000001` : `${sign}$${padCents(digits)}`;
}

/** Token counts: "0", "812", "12.4k", "1.3M". */
export function formatTokens(count: number): string {
  if (!Number.isFinite(count)) return "–";
  if (Math.abs(count) < 1000) return String(Math.round(count));
  if (Math.abs(count) < 999_950) return `${trim(count / 1000)}k`;
  return `${trim(count / 1_000_000)}M`;
}

/**
 * A time against `now` (both ms since the epoch): "just now", "5 min ago", "in 2 h", "12 Mar". The last seconds are
 * counted only for what is known to lie ahead: another clock may be a little ahead of this one.
 */
export function formatRelative(time: number, now: number, ahead = false): string {
  const span = Math.abs(now - time);
  if (span < (ahead && time > now ? SECOND : 10 * SECOND)) return ahead ? "now" : "just now";
  if (span >= WEEK) return formatDay(time, now);
  const words =
    span < MINUTE
      ? `${Math.floor(span / SECOND)} s`
      : span < HOUR
        ? `${Math.floor(span / MINUTE)} min`
        : span < DAY
          ? `${Math.floor(span / HOUR)} h`
          : `${Math.floor(span / DAY)} d`;
  return time > now ? `in ${words}` : `${words} ago`;
}

/** The exact local time with its zone, for the tooltip: "12 Mar 2026, 14:03:09 GMT+1". */
export function formatExact(time: number): string {
  return new Intl.DateTimeFormat("en-GB", {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "short",
  }).format(time);
}

function formatDay(time: number, now: number): string {
  const sameYear = new Date(time).getFullYear() === new Date(now).getFullYear();
  const year = sameYear ? undefined : ("numeric" as const);
  return new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year }).format(time);
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}

function trim(value: number): string {
  return value.toFixed(1).replace(/\.0$/, "");
}

/** "0.1" reads as a price only with two decimals: "0.10". */
function padCents(digits: string): string {
  const decimals = digits.length - digits.indexOf(".") - 1;
  return decimals < 2 ? digits.padEnd(digits.length + 2 - decimals, "0") : digits;
}

/** That a list shows only a part, e.g. "100 of 40,000 iterations are shown." */
export function partWords(listed: number, total: number): string {
  return `${listed.toLocaleString("en-US")} of ${total.toLocaleString("en-US")} iterations are shown.`;
}
