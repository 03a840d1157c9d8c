"use client";

/** The questions that executions ask people, and answering them. */
import {
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
  type UseMutationResult,
} from "@tanstack/react-query";
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
/** Sends a reply, wherever the question came from. */
export type Answering = UseMutationResult<unknown, Error, Reply>;
/** A question as a mailed link shows it; `email` is whom it was mailed to. */
export type MailedApproval = Omit<Schema<"MailedApproval">, "fields"> & { fields: InputField[] };

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
export function useAnswer(id: string): Answering {
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

/** The question that a mailed link is about. Looking answers nothing. */
export function useMailedApproval(token: string | undefined) {
  return useQuery({
    queryKey: ["mailed-approval", token],
    enabled: token !== undefined,
    // Whoever comes back to the page may have begun to write.
    refetchOnWindowFocus: false,
    queryFn: async ({ signal }) => {
      const body = { token: token ?? "" };
      const { data } = await api.POST("/api/v1/mailed-approvals", { body, signal });
      if (!data) throw new Error("The server sent an empty question.");
      return data as unknown as MailedApproval;
    },
  });
}

/** Answers by a mailed link. Raises ApiError as `useAnswer`, and 403 when the link is not good any more. */
export function useMailedAnswer(token: string): Answering {
  return useMutation({
    mutationFn: (reply: Reply) =>
      api.POST("/api/v1/mailed-approvals/answer", {
        body: { ...reply, token } as Schema<"MailedAnswer">,
      }),
  });
}
