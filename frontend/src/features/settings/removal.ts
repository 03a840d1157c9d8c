/** What a removed member leaves at work, in words, and what can be done about each. */
import type { Belongings } from "./api";

export type Removal = {
  schedules: "keep" | "pause";
  webhooks: "keep" | "pause";
  executions: "keep" | "cancel";
};

export const keepAll: Removal = { schedules: "keep", webhooks: "keep", executions: "keep" };

type Choice = {
  name: keyof Removal;
  label: string;
  options: { value: Removal[keyof Removal]; label: string }[];
};

const pausing: Choice["options"] = [
  { value: "keep", label: "Keep running" },
  { value: "pause", label: "Switch off" },
];
const cancelling: Choice["options"] = [
  { value: "keep", label: "Let them finish" },
  { value: "cancel", label: "Cancel them" },
];

/** The choices that there are: none about what the member does not have. */
export function choicesFor({ schedules, webhooks, executions }: Belongings): Choice[] {
  const all: [number, Choice][] = [
    [
      schedules,
      {
        name: "schedules",
        label: `${counted(schedules, "schedule")} they created`,
        options: pausing,
      },
    ],
    [
      webhooks,
      { name: "webhooks", label: `${counted(webhooks, "webhook")} they created`, options: pausing },
    ],
    [
      executions,
      {
        name: "executions",
        label: `${counted(executions, "execution")} they started that have not ended`,
        options: cancelling,
      },
    ],
  ];
  return all.filter(([count]) => count > 0).map(([, choice]) => choice);
}

/** Which keys end, by name; null when there are none. */
export function keysLost({ keys }: Belongings): string | null {
  if (keys.length === 0) return null;
  const names = keys.map(({ name, hint }) => `“${name}” (${hint})`).join(", ");
  return `${keys.length === 1 ? "This API key stops" : "These API keys stop"} working: ${names}.`;
}

const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`;
