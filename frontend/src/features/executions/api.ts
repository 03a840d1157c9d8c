"use client";

/** The execution endpoints as hooks. */
import {
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
  type QueryClient,
} from "@tanstack/react-query";
import { transport } from "@/lib/api/transport";
import type {
  ExecutionFailure,
  ExecutionStatus,
  Json,
  NodeFailure,
  NodeStatus,
  Usage,
} from "@/lib/events";

export type ExecutionSummary = {
  id: string;
  flow_id: string | null;
  flow_name: string | null;
  /** Null when the draft was run. */
  version: number | null;
  status: ExecutionStatus;
  cancel_requested: boolean;
  error: ExecutionFailure | null;
  usage: Usage;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
};

export type NodeExecution = {
  node_id: string;
  status: NodeStatus;
  attempt: number;
  input: Json;
  output: Json;
  handle: string | null;
  error: NodeFailure | null;
  started_at: string | null;
  finished_at: string | null;
  usage: Usage;
};

export type FlowNode = { id: string; type: string; label?: string; config?: Record<string, Json> };

export type FlowDefinition = {
  nodes: FlowNode[];
  edges: { id: string; source: string; target: string; source_handle?: string | null }[];
  layout?: Record<string, { x: number; y: number }>;
};

export type ExecutionDetail = ExecutionSummary & {
  inputs: Record<string, Json>;
  outputs: Record<string, Json> | null;
  nodes: NodeExecution[];
  definition: FlowDefinition;
  last_seq: number;
};

type Page<Item> = { items: Item[]; next_cursor: string | null };

export type ExecutionFilter = { status: ExecutionStatus | null; flowId: string | null };

const PAGE = 50;
/** While runs are under way the list looks again; a run's own page gets its events pushed. */
const LIST_REFRESH_MS = 3000;
const BASE = "/api/v1/executions";

async function call<Answer>(path: string, method = "GET"): Promise<Answer> {
  const response = await transport(new Request(new URL(path, window.location.origin), { method }));
  return (await response.json()) as Answer;
}

/** Newest first, a page at a time. */
export function useExecutions({ status, flowId }: ExecutionFilter) {
  return useInfiniteQuery({
    queryKey: ["executions", { status, flowId }],
    queryFn: ({ pageParam }) => {
      const query = new URLSearchParams({ limit: String(PAGE) });
      if (status) query.set("status", status);
      if (flowId) query.set("flow_id", flowId);
      if (pageParam) query.set("cursor", pageParam);
      return call<Page<ExecutionSummary>>(`${BASE}?${query}`);
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: ({ state }) =>
      state.data?.pages.some((page) => page.items.some(isUnderWay)) ? LIST_REFRESH_MS : false,
  });
}

function isUnderWay({ status }: ExecutionSummary): boolean {
  return status === "pending" || status === "running" || status === "waiting";
}

/** The execution with the definition it runs; what happens in it comes by its stream. */
export function useExecutionDetail(id: string) {
  return useQuery({
    queryKey: ["execution", id],
    queryFn: () => call<ExecutionDetail>(`${BASE}/${encodeURIComponent(id)}`),
  });
}

/** Asks for the end of a run; it is over when its last event comes. */
export function useCancelExecution(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => call<unknown>(`${BASE}/${encodeURIComponent(id)}/cancel`, "POST"),
    onSettled: () => refreshExecution(client, id),
  });
}

/** The run has changed in a way that its stream does not tell, or has come to its end. */
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
    queryFn: () => call<Page<{ id: string; name: string }>>("/api/v1/flows?limit=100"),
    staleTime: 60_000,
  });
}
