"use client";

/** The trigger endpoints as hooks. */
import { useMutation } from "@tanstack/react-query";
import { toast } from "@/components/toast";
import { $api, api, type Schema } from "@/lib/api/client";
import { listQuery, paged, useRefresh } from "@/lib/api/lists";

export type Trigger = Schema<"TriggerOut">;
export type MadeTrigger = Schema<"TriggerMade">;
export type Firing = Schema<"FiringOut">;

const byId = (id: string) => ({ params: { path: { trigger_id: id } } });
/** What came of a trigger changes by itself; looking again is cheap. */
const LOOK_MS = 5_000;

export function useTriggers(flowId: string, search: string) {
  const { params } = listQuery(search);
  return $api.useInfiniteQuery(
    "get",
    "/api/v1/triggers",
    { params: { query: { ...params.query, flow_id: flowId } } },
    { ...paged, refetchInterval: LOOK_MS },
  );
}

/** One trigger as it is now, for its form: never from what was loaded before. */
export function useTrigger(id: string) {
  return $api.useQuery("get", "/api/v1/triggers/{trigger_id}", byId(id), {
    gcTime: 0,
    staleTime: Infinity,
  });
}

export function useFirings(triggerId: string) {
  return $api.useQuery(
    "get",
    "/api/v1/triggers/{trigger_id}/firings",
    { params: { path: { trigger_id: triggerId }, query: { limit: 10 } } },
    { refetchInterval: LOOK_MS },
  );
}

export function useFlow(id: string) {
  return $api.useQuery("get", "/api/v1/flows/{flow_id}", { params: { path: { flow_id: id } } });
}

/** When a schedule would run; asked again for each expression and zone. */
export function useSchedulePreview(cron: string, timezone: string) {
  return $api.useQuery(
    "get",
    "/api/v1/schedule-preview",
    { params: { query: { cron, timezone, count: 5 } } },
    { enabled: cron.trim() !== "" && timezone !== "", retry: false, staleTime: 60_000 },
  );
}

export function useCreateTrigger() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: async (body: Schema<"TriggerIn">) => {
      const { data } = await api.POST("/api/v1/triggers", { body });
      if (!data) throw new Error("The server sent an empty trigger.");
      return data;
    },
    onSuccess: () => void refresh(),
  });
}

export function useChangeTrigger() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: ({ id, ...body }: { id: string } & Schema<"TriggerPatch">) =>
      api.PATCH("/api/v1/triggers/{trigger_id}", { ...byId(id), body }),
    onSettled: refresh,
  });
}

export function useDeleteTrigger() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (id: string) => api.DELETE("/api/v1/triggers/{trigger_id}", byId(id)),
    onSuccess: () => void refresh(),
  });
}

export function useRotateSecret() {
  return useMutation({
    mutationFn: async (id: string) => {
      const path = "/api/v1/triggers/{trigger_id}/rotate-secret";
      const { data } = await api.POST(path, { ...byId(id), body: { keep_seconds: 24 * 3600 } });
      if (!data) throw new Error("The server sent no secret.");
      return data;
    },
  });
}

export function useRunTrigger() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: ({ id }: Pick<Trigger, "id">) =>
      api.POST("/api/v1/triggers/{trigger_id}/run", byId(id)),
    onSuccess: () => {
      toast.success("Started");
      return refresh();
    },
    onError: (error) => toast.error("The flow was not started", error),
  });
}
