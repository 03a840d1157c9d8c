"use client";

/** The audit log's endpoints as hooks. */
import { useMutation } from "@tanstack/react-query";
import { $api, api, type Schema } from "@/lib/api/client";
import { paged } from "@/lib/api/lists";
import { actionsMeant } from "./actions";

export type AuditEntry = Schema<"AuditEntryOut">;
export type Outcome = AuditEntry["outcome"];

export function useAuditLog(filters: { search: string; outcome: Outcome | null }) {
  const query = {
    limit: 50,
    q: filters.search || undefined,
    q_action: filters.search ? actionsMeant(filters.search) : undefined,
    outcome: filters.outcome ?? undefined,
  };
  return $api.useInfiniteQuery("get", "/api/v1/audit-log", { params: { query } }, paged);
}

export function useAuditEntry(id: string) {
  return $api.useQuery("get", "/api/v1/audit-log/{entry_id}", {
    params: { path: { entry_id: id } },
  });
}

export function useVerification() {
  return useMutation({
    mutationFn: async () => {
      const { data } = await api.GET("/api/v1/audit-log/verification");
      if (!data) throw new Error("The server sent no verdict.");
      return data;
    },
  });
}
