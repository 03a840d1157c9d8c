"use client";

/** The agent endpoints as hooks. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { toast } from "@/components/toast";
import { $api, api, type Schema } from "@/lib/api/client";
import { listAll, listQuery, paged, useRefresh } from "@/lib/api/lists";

export type Agent = Schema<"AgentOut">;
export type AgentBody = Schema<"AgentIn">;

const byId = (id: string) => ({ params: { path: { agent_id: id } } });

export function useAgents(search: string) {
  return $api.useInfiniteQuery("get", "/api/v1/agents", listQuery(search), paged);
}

/** Every agent, for pickers. */
export function useAllAgents(enabled = true) {
  return useQuery({
    queryKey: ["agents", "all"],
    enabled,
    queryFn: () => listAll((query) => api.GET("/api/v1/agents", { params: { query } })),
  });
}

/** One agent as it is now, for its form: never from what was loaded before. */
export function useAgent(id: string) {
  return $api.useQuery("get", "/api/v1/agents/{agent_id}", byId(id), {
    gcTime: 0,
    staleTime: Infinity,
  });
}

/** Makes a new agent, or replaces the one with that id. */
export function useSaveAgent(id?: string) {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (body: AgentBody) =>
      id
        ? api.PUT("/api/v1/agents/{agent_id}", { ...byId(id), body })
        : api.POST("/api/v1/agents", { body }),
    onSuccess: () => void refresh(),
  });
}

export function useDuplicateAgent() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: ({ name, role, goal, backstory, model, provider_id, tool_ids, config }: Agent) => {
      const body = { role, goal, backstory, model, provider_id, tool_ids, config };
      return api.POST("/api/v1/agents", {
        body: { ...body, name: `${name.slice(0, 193)} (copy)` },
      });
    },
    onSuccess: ({ data }) => {
      toast.success(`“${data?.name}” created`);
      return refresh();
    },
    onError: (error) => toast.error("The agent was not duplicated", error),
  });
}

/** Refused (409) while a crew has the agent; the refusal names the crews. */
export function useDeleteAgent() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (id: string) => api.DELETE("/api/v1/agents/{agent_id}", byId(id)),
    onSuccess: () => void refresh(),
  });
}
