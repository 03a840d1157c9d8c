"use client";

/** What Home looks at: what there is already, and what has happened lately. */
import { useAllProviders } from "@/features/providers";
import { $api } from "@/lib/api/client";

/** Someone who comes home wants to see what has just happened elsewhere. */
const fresh = { refetchOnMount: "always" as const };

export function useRecentFlows() {
  return $api.useQuery(
    "get",
    "/api/v1/flows",
    { params: { query: { limit: 100 } } },
    {
      ...fresh,
      select: ({ items }) =>
        items.toSorted((one, other) => other.updated_at.localeCompare(one.updated_at)),
    },
  );
}

const UNDER_WAY = new Set(["pending", "running", "waiting"]);
const REFRESH_MS = 3000;

export function useRecentExecutions() {
  return $api.useQuery(
    "get",
    "/api/v1/executions",
    { params: { query: { limit: 5 } } },
    {
      ...fresh,
      refetchInterval: ({ state }) =>
        state.data?.items.some(({ status }) => UNDER_WAY.has(status)) ? REFRESH_MS : false,
    },
  );
}

/** Whether there is a model to think with; undefined while that is not known. */
export function useHasModel(): boolean | undefined {
  const { data } = useAllProviders();
  return data?.some(({ is_active }) => is_active);
}
