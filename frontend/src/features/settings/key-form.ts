/** The values of the form for a new API key, its rules, and how they become what the API takes. */
import * as z from "zod";
import type { Schema } from "@/lib/api/client";

const DAY_MS = 24 * 3600 * 1000;

/** How long a key lasts, in days. */
export const lifetimes = [
  { value: "30", label: "In 30 days" },
  { value: "90", label: "In 90 days" },
  { value: "365", label: "In a year" },
  { value: "never", label: "Never" },
];

/** What a key that is limited to some flows may be given. */
export const forFlows: ReadonlySet<string> = new Set([
  "profile:read",
  "flows:read",
  "flows:write",
  "flows:execute",
  "triggers:read",
  "triggers:write",
  "executions:read",
  "executions:write",
  "notifications:read",
  "notifications:write",
]);

export const keySchema = z
  .object({
    name: z.string().trim().min(1, "Give the key a name.").max(200, "Use at most 200 characters."),
    lifetime: z.string(),
    scopes: z.array(z.string()),
    flow_ids: z.array(z.string()),
  })
  .refine((values) => chosenScopes(values).length > 0, {
    path: ["scopes"],
    message: "Choose at least one permission.",
  });

export type KeyValues = z.infer<typeof keySchema>;

/** What running flows from a program needs. */
export const newKey: KeyValues = {
  name: "",
  lifetime: "90",
  scopes: ["flows:read", "flows:execute", "executions:read"],
  flow_ids: [],
};

function chosenScopes({ scopes, flow_ids }: { scopes: string[]; flow_ids: string[] }): string[] {
  return flow_ids.length > 0 ? scopes.filter((scope) => forFlows.has(scope)) : scopes;
}

export function toKey(values: KeyValues, now = Date.now()): Schema<"KeyIn"> {
  const days = Number(values.lifetime);
  return {
    name: values.name,
    scopes: chosenScopes(values) as Schema<"KeyIn">["scopes"],
    flow_ids: values.flow_ids.length > 0 ? values.flow_ids : null,
    expires_at: Number.isNaN(days) ? null : new Date(now + days * DAY_MS).toISOString(),
  };
}
