"use client";

/** The provider endpoints as hooks. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { toast } from "@/components/toast";
import { $api, api, type Schema } from "@/lib/api/client";
import { listAll, listQuery, paged, useRefresh } from "@/lib/api/lists";

export type Provider = Schema<"ProviderOut">;
export type ProviderType = Provider["provider_type"];
export type TestResult = Schema<"ProviderTestResult">;

const byId = (id: string) => ({ params: { path: { provider_id: id } } });

export function useProviders(search: string) {
  return $api.useInfiniteQuery("get", "/api/v1/llm-providers", listQuery(search), paged);
}

/** Every provider, for pickers; the one that is asked first comes first. */
export function useAllProviders() {
  return useQuery({
    queryKey: ["providers", "all"],
    queryFn: async () => {
      const providers = await listAll((query) =>
        api.GET("/api/v1/llm-providers", { params: { query } }),
      );
      return providers.sort((one, other) => one.priority - other.priority);
    },
  });
}

/** One provider as it is now, for its form: never from what was loaded before. */
export function useProvider(id: string) {
  return $api.useQuery("get", "/api/v1/llm-providers/{provider_id}", byId(id), {
    gcTime: 0,
    staleTime: Infinity,
  });
}

export function useCreateProvider() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: async (body: Schema<"ProviderIn">) => {
      const { data } = await api.POST("/api/v1/llm-providers", { body });
      if (!data) throw new Error("The server sent an empty provider.");
      return data;
    },
    onSuccess: () => void refresh(),
  });
}

export function useChangeProvider() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: ({ id, ...body }: { id: string } & Schema<"ProviderPatch">) =>
      api.PATCH("/api/v1/llm-providers/{provider_id}", { ...byId(id), body }),
    onSettled: refresh,
  });
}

export function useDeleteProvider() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (id: string) => api.DELETE("/api/v1/llm-providers/{provider_id}", byId(id)),
    onSuccess: () => void refresh(),
  });
}

/** Asks the provider something tiny. A provider that fails is an answer, not an error. */
export function useTestProvider() {
  return useMutation({
    mutationFn: async ({ id, model }: { id: string; model?: string }) => {
      const { data } = await api.POST("/api/v1/llm-providers/{provider_id}/test", {
        ...byId(id),
        body: { model: model ?? null },
      });
      if (!data) throw new Error("The server sent an empty result.");
      return data;
    },
  });
}

/** Adds the demo model: scripted answers that need no key. */
export function useDemoModel() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: () => api.POST("/api/v1/llm-providers/demo"),
    onSuccess: () => {
      const description = "Its answers are scripted. It needs no key and costs nothing.";
      toast.success("Demo model added", { description });
      return refresh();
    },
    onError: (error) => toast.error("The demo model was not added", error),
  });
}
