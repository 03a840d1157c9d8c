/** What an operator limits for a tenant, in words; 0 is no limit. */
import type { Schema } from "@/lib/api/client";

type Limit = {
  name: keyof Schema<"Limits">;
  label: string;
  inWords: (amount: number) => string;
};

export const LIMITS: readonly Limit[] = [
  { name: "user_a_minute", label: "Each person may send", inWords: requests },
  { name: "tenant_a_minute", label: "All together", inWords: requests },
  {
    name: "running",
    label: "Executions",
    inWords: (amount) =>
      amount === 0 ? "Any number may run" : `${amount.toLocaleString("en")} may run at a time`,
  },
];

function requests(amount: number): string {
  if (amount === 0) return "Any number of requests";
  return `${amount.toLocaleString("en")} ${amount === 1 ? "request" : "requests"} a minute`;
}
