"use client";

/** The crew endpoints as hooks. */
import { useMutation } from "@tanstack/react-query";
import { toast } from "@/components/toast";
import { $api, api, type Schema } from "@/lib/api/client";
import { listQuery, paged, useRefresh } from "@/lib/api/lists";

export type Crew = Schema<"CrewOut">;
export type CrewBody = Schema<"CrewIn">;

const byId = (id: string) => ({ params: { path: { crew_id: id } } });

export function useCrews(search: string) {
  return $api.useInfiniteQuery("get", "/api/v1/crews", listQuery(search), paged);
}

/** One crew as it is now, for its form: never from what was loaded before. */
export function useCrew(id: string) {
  return $api.useQuery("get", "/api/v1/crews/{crew_id}", byId(id), {
    gcTime: 0,
    staleTime: Infinity,
  });
}

/** Makes a new crew, or replaces the one with that id. */
export function useSaveCrew(id?: string) {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (body: CrewBody) =>
      id
        ? api.PUT("/api/v1/crews/{crew_id}", { ...byId(id), body })
        : api.POST("/api/v1/crews", { body }),
    onSuccess: () => void refresh(),
  });
}

export function useDuplicateCrew() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (crew: Crew) => {
      const { name, description, process, agent_ids, tasks, manager_agent_id } = crew;
      const body = { description, process, agent_ids, tasks, manager_agent_id, config: {} };
      return api.POST("/api/v1/crews", { body: { ...body, name: `${name.slice(0, 193)} (copy)` } });
    },
    onSuccess: ({ data }) => {
      toast.success(`“${data?.name}” created`);
      return refresh();
    },
    onError: (error) => toast.error("The crew was not duplicated", error),
  });
}

export function useDeleteCrew() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (id: string) => api.DELETE("/api/v1/crews/{crew_id}", byId(id)),
    onSuccess: () => void refresh(),
  });
}

/** Runs the stored crew on its own and gives the execution. */
export function useTestCrew() {
  return useMutation({
    mutationFn: async ({ id, inputs }: { id: string; inputs: Record<string, unknown> }) => {
      const { data } = await api.POST("/api/v1/crews/{crew_id}/test", {
        ...byId(id),
        body: { inputs },
      });
      if (!data) throw new Error("The server sent an empty execution.");
      return data;
    },
  });
}
