/** The tenant's settings as a form: fields, their words, and what is wrong with a value. */
import type { Schema } from "@/lib/api/client";

type Settings = Schema<"SettingsOut">;
export type Values = Schema<"SettingsForm">;
export type Name = keyof Values;

export const FIELDS: readonly { name: Name; label: string; unit?: string }[] = [
  { name: "max_running", label: "Executions that run at a time" },
  { name: "keep_executions_days", label: "Keep executions for", unit: "days" },
  { name: "keep_logs_days", label: "Keep their logs for", unit: "days" },
];
const MOST_DAYS = 36_500;
const MOST_RUNNING = 1_000_000;

export function valuesOf({ max_running, keep_executions_days, keep_logs_days }: Settings): Values {
  return { max_running, keep_executions_days, keep_logs_days };
}

export function isSame(values: Values, settings: Settings): boolean {
  return FIELDS.every(({ name }) => values[name] === settings[name]);
}

/** Whether something that is kept now would be removed. */
export function removesMore(values: Values, settings: Settings): boolean {
  const kept = ["keep_executions_days", "keep_logs_days"] as const;
  return kept.some((name) => {
    const days = (value: number | null) => (value ?? settings.defaults[name]) || Infinity;
    return days(values[name]) < days(settings[name]);
  });
}

/** What holds while nothing is set. */
export function hintOf(name: Name, defaults: Settings["defaults"]): string {
  if (name === "max_running") {
    return defaults.running === 0
      ? "Other executions wait in the queue. Empty: no limit."
      : `Other executions wait in the queue. Empty: ${defaults.running}, which is also the highest value allowed.`;
  }
  const days = defaults[name];
  if (name === "keep_executions_days") {
    return `Counted from the end of the execution. ${or("for ever", days)}`;
  }
  return `Model calls, streamed text, log lines. ${or("as long as the execution", days)}`;
}

/** What is wrong with a value, and how to mend it. */
export function problemOf(name: Name, value: number | null): string | undefined {
  if (value === null) return undefined;
  const [least, most] = name === "max_running" ? [1, MOST_RUNNING] : [0, MOST_DAYS];
  return Number.isInteger(value) && value >= least && value <= most
    ? undefined
    : `Enter a whole number from ${least} to ${most.toLocaleString("en")}.`;
}

/** What 0 and nothing mean, where both may mean the same. */
function or(zero: string, days: number): string {
  return days === 0 ? `Empty or 0: ${zero}.` : `0: ${zero}. Empty: ${inDays(days)}.`;
}

function inDays(days: number): string {
  return days === 1 ? "1 day" : `${days} days`;
}
