"use client";

/** The flow endpoints as hooks. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { toast } from "@/components/toast";
import { $api, api, type Schema } from "@/lib/api/client";
import { listAll, listQuery, paged, useRefresh } from "@/lib/api/lists";
import { forgetAbout } from "@/lib/stored";
import { flowHref } from "./links";

export type FlowSummary = Schema<"FlowSummary">;
export type Example = Schema<"Example">;

export function useFlows(search: string) {
  return $api.useInfiniteQuery("get", "/api/v1/flows", listQuery(search), paged);
}

/** Every flow, for pickers. */
export function useAllFlows() {
  return useQuery({
    queryKey: ["flows", "all"],
    queryFn: () => listAll((query) => api.GET("/api/v1/flows", { params: { query } })),
  });
}

export function useExamples() {
  return $api.useQuery("get", "/api/v1/flows/examples", {}, { staleTime: Infinity });
}

/** What a new flow begins with. */
const empty = {
  name: "Untitled flow",
  definition: { schema: "watchbill.flow/v1", nodes: [], edges: [], layout: {} },
};

/** Stores a flow, an empty one or a copy of an example, and opens it in the editor. */
export function useCreateFlow() {
  const router = useRouter();
  const refresh = useRefresh();
  return useMutation({
    mutationFn: async (example?: Example) => {
      const body = example
        ? { name: example.title, description: example.description, definition: example.definition }
        : empty;
      const { data } = await api.POST("/api/v1/flows", { body: { ...body, is_active: true } });
      if (!data) throw new Error("The server sent an empty flow.");
      return data;
    },
    onSuccess: ({ id }) => {
      void refresh();
      router.push(flowHref(id));
    },
    onError: (error) => toast.error("The flow was not created", error),
  });
}

/** Changes name, description or whether it is on; the lists show it once the promise is kept. */
export function useChangeFlow() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: ({ id, ...body }: { id: string } & Schema<"FlowPatch">) =>
      api.PATCH("/api/v1/flows/{flow_id}", { params: { path: { flow_id: id } }, body }),
    onSettled: refresh,
  });
}

export function useDuplicateFlow() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: ({ id }: FlowSummary) =>
      api.POST("/api/v1/flows/{flow_id}/duplicate", { params: { path: { flow_id: id } } }),
    onSuccess: ({ data }) => {
      toast.success(`“${data?.name}” created`);
      return refresh();
    },
    onError: (error) => toast.error("The flow was not duplicated", error),
  });
}

export function useDeleteFlow() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (id: string) =>
      api.DELETE("/api/v1/flows/{flow_id}", { params: { path: { flow_id: id } } }),
    onSuccess: (_, id) => {
      // What was left unsaved of it is of no use to anybody.
      forgetAbout(id);
      return refresh();
    },
  });
}
