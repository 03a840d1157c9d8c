"use client";

/** The execution endpoints as hooks. */
import {
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
  type QueryClient,
} from "@tanstack/react-query";
import { api, type Schema } from "@/lib/api/client";
import type { ExecutionStatus, Json } from "@/lib/events";
import type { StoredDefinition } from "@/lib/flow";

export type ExecutionSummary = Schema<"ExecutionSummary">;

export type FlowDefinition = StoredDefinition;

export type ExecutionDetail = Omit<Schema<"ExecutionDetail">, "definition" | "inputs"> & {
  inputs: Record<string, Json>;
  definition: FlowDefinition;
};

export type ExecutionFilter = { status: ExecutionStatus | null; flowId: string | null };

const PAGE = 50;
/** While executions are under way the list looks again; an execution's own page gets its events pushed. */
const LIST_REFRESH_MS = 3000;
const QUEUE_REFRESH_MS = 2000;
const EXCHANGE_LOOKS = 10;
/** Newest first, a page at a time. */
export function useExecutions({ status, flowId }: ExecutionFilter) {
  return useInfiniteQuery({
    queryKey: ["executions", { status, flowId }],
    queryFn: async ({ pageParam, signal }) => {
      const query = {
        limit: PAGE,
        cursor: pageParam ?? undefined,
        status: status ? [status] : undefined,
        flow_id: flowId ?? undefined,
      };
      return body(await api.GET("/api/v1/executions", { params: { query }, signal }));
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: ({ state }) =>
      state.data?.pages.some((page) => page.items.some(isUnderWay)) ? LIST_REFRESH_MS : false,
  });
}

function isUnderWay({ status }: ExecutionSummary): boolean {
  return status === "pending" || status === "running" || status === "waiting";
}

/** The execution with the definition it runs; what happens in it, iterations too, comes by its stream. */
export function useExecutionDetail(id: string) {
  return useQuery({
    queryKey: ["execution", id],
    queryFn: async ({ signal }) => {
      const detail = body(
        await api.GET("/api/v1/executions/{execution_id}", {
          params: { path: { execution_id: id }, query: { iterations: false } },
          signal,
        }),
      );
      // The document describes both as any object; a stored plan has always been checked.
      return detail as ExecutionDetail;
    },
    // The place in the queue is not told by events.
    refetchInterval: ({ state }) => (state.data?.queue ? QUEUE_REFRESH_MS : false),
  });
}

/** What a node asked a model, a tool or a service, and was answered. */
export type Exchange = Omit<Schema<"ExchangeOut">, "request" | "answer"> & {
  request: Record<string, Json>;
  answer: Record<string, Json> | null;
};

/** What one node exchanged with the world, in order; `version` is another one when there may be more. What is
 *  written last may come a moment after the node's end. */
export function useExchanges(id: string, node: string, version: string) {
  return useInfiniteQuery({
    queryKey: ["execution", id, "exchanges", node, version],
    queryFn: async ({ pageParam, signal }) => {
      const query = { node_id: [node], after: pageParam };
      const params = { path: { execution_id: id }, query };
      const page = body(
        await api.GET("/api/v1/executions/{execution_id}/exchanges", { params, signal }),
      );
      // The document describes requests and answers as any object.
      return page as unknown as { items: Exchange[]; next_after: number | null };
    },
    initialPageParam: 0,
    refetchInterval: ({ state }) =>
      state.data?.pages[0]?.items.length === 0 && state.dataUpdateCount < EXCHANGE_LOOKS
        ? LIST_REFRESH_MS
        : false,
    getNextPageParam: (page) => page.next_after,
  });
}

/** Asks for the end of an execution; it is over when its last event comes. */
export function useCancelExecution(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => api.POST("/api/v1/executions/{execution_id}/cancel", at(id)),
    onSettled: () => refreshExecution(client, id),
  });
}

/** Asks an execution to stop where it is until somebody lets it go on. */
export function usePauseExecution(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => api.POST("/api/v1/executions/{execution_id}/pause", at(id)),
    onSettled: () => refreshExecution(client, id),
  });
}

/** Lets a paused execution go on, or runs a failed or cancelled one again from where it stopped. */
export function useResumeExecution(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => api.POST("/api/v1/executions/{execution_id}/resume", at(id)),
    onSettled: () => refreshExecution(client, id),
  });
}

export type Fork = {
  /** Null: all that is done is taken over. */
  from_node: string | null;
  outputs: Record<string, Json>;
  /** Null: what this execution ran. */
  version: "draft" | null;
};

/** Starts another execution that takes over what this one did before a node, and gives its id. */
export function useForkExecution(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (fork: Fork) =>
      body(
        await api.POST("/api/v1/executions/{execution_id}/fork", {
          ...at(id),
          body: fork as Schema<"ForkRequest">,
        }),
      ).id,
    onSettled: () => refreshExecution(client, id),
  });
}

/** Starts an execution of the flow as it is edited now, on what this one was given, and gives its id. */
export function useRunDraft(flowId: string | null, inputs: Record<string, Json>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async () =>
      body(
        await api.POST("/api/v1/flows/{flow_id}/execute", {
          params: { path: { flow_id: flowId ?? "" } },
          body: { inputs, version: "draft" as const, options: { wait_seconds: 0 } },
        }),
      ).id,
    onSettled: () => client.invalidateQueries({ queryKey: ["executions"] }),
  });
}

/** The execution has changed in a way that its stream does not tell, or has come to its end. */
export async function refreshExecution(client: QueryClient, id: string): Promise<void> {
  await Promise.all([
    client.invalidateQueries({ queryKey: ["execution", id] }),
    client.invalidateQueries({ queryKey: ["executions"] }),
  ]);
}

/** Names for the filter. */
export function useFlowChoices() {
  return useQuery({
    queryKey: ["flows", "choices"],
    queryFn: async ({ signal }) =>
      body(await api.GET("/api/v1/flows", { params: { query: { limit: 100 } }, signal })),
    staleTime: 60_000,
  });
}

function at(id: string) {
  return { params: { path: { execution_id: id } } };
}

/** Refusals are thrown before, so an answer without a body would break the contract. */
function body<Body>({ data }: { data?: Body }): Body {
  if (data === undefined) throw new Error("The server sent an empty answer.");
  return data;
}
