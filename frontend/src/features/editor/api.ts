"use client";

/** What the editor asks of the server. */
import { useQuery } from "@tanstack/react-query";
import { transport } from "@/lib/api/transport";
import type { FlowDefinition } from "./model/definition";
import { indexTypes, type NodeTypeInfo } from "./model/node-types";
import type { Problem } from "./model/problems";

/** A flow and its draft; `version` counts the edits of the draft. */
export type FlowRecord = {
  id: string;
  name: string;
  description?: string | null;
  definition: FlowDefinition;
  version: number;
  published_version?: number | null;
};

export type FlowChange = { name?: string; definition?: FlowDefinition; version: number };
/** Something stored that a node may refer to. */
export type Stored = { id: string; name: string; role?: string };
export type Provider = Stored & { provider_type: string; models: string[]; is_active: boolean };

async function request<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await transport(
    new Request(new URL(`/api/v1${path}`, window.location.origin), {
      method,
      headers: { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    }),
  );
  return (await response.json()) as Answer;
}

export const flowKey = (id: string) => ["flow", id] as const;

export function getFlow(id: string): Promise<FlowRecord> {
  return request("GET", `/flows/${id}`);
}

/** Raises ApiError 409 when somebody else has saved since `version`. */
export function saveFlow(id: string, change: FlowChange): Promise<FlowRecord> {
  return request("PATCH", `/flows/${id}`, change);
}

/** Freezes the draft as the next version and gives its number. */
export function publishFlow(id: string): Promise<{ number: number }> {
  return request("POST", `/flows/${id}/publish`);
}

export function executeFlow(id: string, inputs: Record<string, unknown>): Promise<{ id: string }> {
  return request("POST", `/flows/${id}/execute`, { inputs, version: "draft" });
}

export function validateFlow(definition: FlowDefinition): Promise<{ problems: Problem[] }> {
  return request("POST", "/flows/validate", { definition });
}

export function useNodeTypes() {
  return useQuery({
    queryKey: ["node-types"],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () => {
      const { items } = await request<{ items: NodeTypeInfo[] }>("GET", "/node-types");
      return indexTypes(items);
    },
  });
}

/** The whole of a list that a picker offers: page by page, as the server gives at most 100. */
async function listAll<Item>(path: string): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | null = null;
  do {
    const next: string = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
    const page: { items: Item[]; next_cursor: string | null } = await request(
      "GET",
      `${path}?limit=100${next}`,
    );
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor);
  return items;
}

export function useAgents() {
  return useQuery({ queryKey: ["editor", "agents"], queryFn: () => listAll<Stored>("/agents") });
}

export function useCrews() {
  return useQuery({ queryKey: ["editor", "crews"], queryFn: () => listAll<Stored>("/crews") });
}

export function useProviders() {
  return useQuery({
    queryKey: ["editor", "providers"],
    queryFn: () => listAll<Provider>("/llm-providers"),
  });
}
