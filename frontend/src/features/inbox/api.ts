"use client";

/** The questions that executions ask people, and answering them. */
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, type Schema } from "@/lib/api/client";
import type { InputField } from "@/lib/inputs";

/** `values` fills in the form, whose fields are as those of an Input node. */
export type Approval = Omit<Schema<"ApprovalOut">, "fields" | "answer"> & {
  fields: InputField[];
  answer: Answer | null;
};
export type Answer = {
  approved: boolean;
  by: string | null;
  comment: string;
  values: Record<string, unknown>;
};
export type Reply = { approved: boolean; comment: string; values: Record<string, unknown> };

/** Questions come by themselves; looking again is cheap. */
const LOOK_MS = 5_000;
const PAGE = 50;

/** Open ones or closed ones, the newest first. */
export function useApprovals(open: boolean) {
  return useInfiniteQuery({
    queryKey: ["approvals", { open }],
    queryFn: async ({ pageParam, signal }) => {
      const query = { open, limit: PAGE, cursor: pageParam ?? undefined };
      const { data } = await api.GET("/api/v1/approvals", { params: { query }, signal });
      if (!data) throw new Error("The server sent an empty inbox.");
      // The document describes fields and answer as any object.
      return data as unknown as { items: Approval[]; next_cursor: string | null };
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: open ? LOOK_MS : false,
  });
}

/** Answers a question. Raises ApiError 409 when it is closed, 403 for a role that may not, 422 with fields. */
export function useAnswer(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (reply: Reply) =>
      api.POST("/api/v1/approvals/{approval_id}/answer", {
        params: { path: { approval_id: id } },
        body: reply as Schema<"AnswerRequest">,
      }),
    onSuccess: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ["approvals"] }),
        client.invalidateQueries({ queryKey: ["executions"] }),
      ]),
  });
}
