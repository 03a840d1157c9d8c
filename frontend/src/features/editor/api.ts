"use client";

/** What the editor asks of the server. */
import { useQuery } from "@tanstack/react-query";
import { api, type Schema } from "@/lib/api/client";
import { offlineError } from "@/lib/api/error";
import { listAll } from "@/lib/api/lists";
import { writeJson } from "@/lib/json";
import { readDefinition, type FlowDefinition } from "./model/definition";
import { inputFields } from "./model/inputs";
import { indexTypes, type NodeTypeInfo } from "./model/node-types";
import type { Problem } from "./model/problems";

/** A flow and its draft; `version` counts the edits of the draft. */
export type FlowRecord = Omit<Schema<"FlowOut">, "definition"> & {
  definition: Partial<FlowDefinition>;
};
/** What autosave sends; `version` is the one the change was made from. */
export type FlowChange = { name?: string; definition?: FlowDefinition; version: number };
export type Provider = Schema<"ProviderOut">;

export const flowKey = (id: string) => ["editor", "flow", id] as const;

/** The transport throws on refusals, so an answer without a body would break the contract. */
function body<Data>({ data }: { data?: Data }): Data {
  if (data === undefined) throw new Error("The server sent an empty answer.");
  return data;
}

export async function getFlow(id: string): Promise<FlowRecord> {
  return body(await api.GET("/api/v1/flows/{flow_id}", { params: { path: { flow_id: id } } }));
}

/** A flow as it was saved; `problems` are null when they were not asked for, or could not be told just now. */
export type SavedFlow = { record: FlowRecord; problems: Problem[] | null };

/** A connection that is lost without a word answers nothing, ever. */
const LONGEST_SAVE_MS = 60_000;
/** What browsers let a request have that outlives its page, with some room for its head. */
const MOST_OUTLIVING_BYTES = 60_000;

/**
 * Saves, and asks for the problems of what was saved. `leaving`: the request outlives the page, if it is small enough.
 * Raises ApiError 409 when somebody else has saved since `version`.
 */
export async function saveFlow(
  id: string,
  change: FlowChange,
  leaving = false,
): Promise<SavedFlow> {
  const params = { path: { flow_id: id } };
  // A browser writes 7.0 as 7, and has its own order of keys: what nobody changed stays as it is stored.
  const sent = {
    ...change,
    keep_spelling: true,
    check: !leaving && change.definition !== undefined,
  };
  const keepalive = leaving && new Blob([writeJson(sent)]).size < MOST_OUTLIVING_BYTES;
  const signal = AbortSignal.timeout(LONGEST_SAVE_MS);
  try {
    const init = { params, body: sent, signal, keepalive };
    const { validation, ...record } = body(await api.PATCH("/api/v1/flows/{flow_id}", init));
    return { record, problems: validation?.problems ?? null };
  } catch (error) {
    throw signal.aborted ? offlineError() : error;
  }
}

/** Freezes the draft as the next version; `isNew` is false when it had not changed since that one. */
export async function publishFlow(id: string): Promise<{ number: number; isNew: boolean }> {
  const params = { path: { flow_id: id } };
  const answer = await api.POST("/api/v1/flows/{flow_id}/publish", { params });
  return { number: body(answer).number, isNew: answer.response.status === 201 };
}

/** Starts an execution of the draft and gives its id. */
export async function executeFlow(id: string, inputs: Record<string, unknown>): Promise<string> {
  const request = {
    params: { path: { flow_id: id } },
    body: { inputs, version: "draft" as const, options: { wait_seconds: 0 } },
  };
  return body(await api.POST("/api/v1/flows/{flow_id}/execute", request)).id;
}

export async function validateFlow(definition: FlowDefinition): Promise<Problem[]> {
  return body(await api.POST("/api/v1/flows/validate", { body: { definition } })).problems;
}

export function useNodeTypes() {
  return useQuery({
    queryKey: ["editor", "node-types"],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }) => {
      const { items } = body(await api.GET("/api/v1/node-types", { signal }));
      return indexTypes(items as NodeTypeInfo[]);
    },
  });
}

/** Flows to run as a Sub-flow, the newest first. */
export function useFlowChoices() {
  return useQuery({
    queryKey: ["editor", "flows"],
    queryFn: () => listAll((query) => api.GET("/api/v1/flows", { params: { query } })),
  });
}

/** The published versions of a flow. */
export function useFlowVersions(id: string | null) {
  return useQuery({
    queryKey: ["editor", "versions", id],
    enabled: id !== null,
    queryFn: () =>
      listAll((query) =>
        api.GET("/api/v1/flows/{flow_id}/versions", {
          params: { path: { flow_id: id ?? "" }, query },
        }),
      ),
  });
}

/** What a version of a flow asks for; without a number the published one, or the draft before there is one. */
export function useFlowInputs(id: string | null, version: number | null) {
  return useQuery({
    queryKey: ["editor", "inputs", id, version],
    enabled: id !== null,
    queryFn: async () => {
      const record = await getFlow(id ?? "");
      const number = version ?? record.published_version ?? null;
      if (number === null) return inputFields(readDefinition(record.definition));
      const path = { flow_id: id ?? "", number };
      const stored = await api.GET("/api/v1/flows/{flow_id}/versions/{number}", {
        params: { path },
      });
      return inputFields(readDefinition(body(stored).definition as Partial<FlowDefinition>));
    },
  });
}

export function useAgents() {
  return useQuery({
    queryKey: ["editor", "agents"],
    queryFn: () => listAll((query) => api.GET("/api/v1/agents", { params: { query } })),
  });
}

export function useCrews() {
  return useQuery({
    queryKey: ["editor", "crews"],
    queryFn: () => listAll((query) => api.GET("/api/v1/crews", { params: { query } })),
  });
}

export function useProviders() {
  return useQuery({
    queryKey: ["editor", "providers"],
    queryFn: () => listAll((query) => api.GET("/api/v1/llm-providers", { params: { query } })),
  });
}
