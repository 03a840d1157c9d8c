/** Schedules that people want most often, and the time zones there are. */

export const presets = [
  { value: "*/15 * * * *", label: "Every 15 minutes" },
  { value: "0 * * * *", label: "Every hour" },
  { value: "0 9 * * *", label: "Every day at 9:00" },
  { value: "0 9 * * MON-FRI", label: "Every weekday at 9:00" },
  { value: "0 9 * * MON", label: "Every Monday at 9:00" },
  { value: "0 9 1 * *", label: "On the first of every month at 9:00" },
];

export const CUSTOM = "custom";

/** The preset of an expression, or that it is none of them. */
export function presetOf(cron: string): string {
  return presets.some(({ value }) => value === cron.trim()) ? cron.trim() : CUSTOM;
}

/** The zone of this browser. */
export function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

/** Every zone, with the present one even if this browser does not know it. */
export function zones(present: string): string[] {
  const known = new Set(["UTC", ...Intl.supportedValuesOf("timeZone")]);
  return [...known.add(present)].filter(Boolean).sort();
}

/** "Mon, 5 Jan 2026, 09:00 GMT+1" as the clock there shows it. */
export function formatThere(time: string, timezone: string): string {
  const options: Intl.DateTimeFormatOptions = {
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    timeZoneName: "short",
    timeZone: timezone,
  };
  try {
    return new Intl.DateTimeFormat("en-GB", options).format(new Date(time));
  } catch {
    // A zone that only the server knows: its own words are right too.
    return time;
  }
}
