"use client";

/** The tool endpoints as hooks. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { $api, api, type Schema } from "@/lib/api/client";
import { listAll, listQuery, paged, useRefresh } from "@/lib/api/lists";

export type Tool = Schema<"ToolOut">;
export type ToolBody = Schema<"ToolIn">;
export type Builtin = Schema<"BuiltinOut">;
export type TrialResult = Schema<"ToolTrialResult">;

const byId = (id: string) => ({ params: { path: { tool_id: id } } });

export function useTools(search: string) {
  return $api.useInfiniteQuery("get", "/api/v1/tools", listQuery(search), paged);
}

/** Every tool, for pickers. */
export function useAllTools(enabled = true) {
  return useQuery({
    queryKey: ["tools", "all"],
    enabled,
    queryFn: () => listAll((query) => api.GET("/api/v1/tools", { params: { query } })),
  });
}

export function useBuiltins() {
  return $api.useQuery("get", "/api/v1/tools/builtin", {}, { staleTime: Infinity });
}

/** One tool as it is now, for its form: never from what was loaded before. */
export function useTool(id: string) {
  return $api.useQuery("get", "/api/v1/tools/{tool_id}", byId(id), {
    gcTime: 0,
    staleTime: Infinity,
  });
}

/** Makes a new tool, or replaces the one that was loaded; refused (409) when it is another one by now. */
export function useSaveTool(tool?: Tool) {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (body: ToolBody) =>
      tool
        ? api.PUT("/api/v1/tools/{tool_id}", {
            ...byId(tool.id),
            body: { ...body, version: tool.version },
          })
        : api.POST("/api/v1/tools", { body }),
    onSuccess: () => void refresh(),
  });
}

export function useSwitchTool() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: ({ id, is_active }: { id: string; is_active: boolean }) =>
      api.PATCH("/api/v1/tools/{tool_id}", { ...byId(id), body: { is_active } }),
    onSuccess: () => refresh(),
  });
}

export function useDeleteTool() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (id: string) => api.DELETE("/api/v1/tools/{tool_id}", byId(id)),
    onSuccess: () => void refresh(),
  });
}

/** Has a worker call the tool as it is stored. */
export function useTryTool(id: string) {
  return useMutation({
    mutationFn: (input: Record<string, unknown>) =>
      api.POST("/api/v1/tools/{tool_id}/run", { ...byId(id), body: { input } }),
  });
}
