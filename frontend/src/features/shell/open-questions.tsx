"use client";

/** How many questions wait for an answer, beside the Inbox in the rail of those who may give one. */
import { useQuery } from "@tanstack/react-query";
import { useCan } from "@/features/auth";
import { cn } from "@/lib/cn";
import { api } from "@/lib/api/client";

/** Questions come by themselves; looking again is cheap. */
const LOOK_MS = 15_000;
/** More are not counted. */
const MOST = 99;

export function OpenQuestions({ folded }: { folded: boolean }) {
  const may = useCan("executions:write");
  const { data } = useQuery({
    queryKey: ["approvals", "count"],
    enabled: may,
    refetchInterval: LOOK_MS,
    queryFn: async ({ signal }) => {
      const query = { open: true, limit: MOST + 1 };
      const answer = await api.GET("/api/v1/approvals", { params: { query }, signal });
      return answer.data?.items.length ?? 0;
    },
  });
  if (!data) return null;
  const words = `${data > MOST ? `more than ${MOST}` : data} open ${data === 1 ? "question" : "questions"}`;
  return (
    <span
      className={cn(
        "flex h-4.5 min-w-4.5 items-center justify-center rounded-full bg-accent px-1 text-xs font-medium text-on-accent tabular-nums",
        folded
          ? "absolute -mt-4 ml-3 scale-75"
          : "ml-auto max-lg:absolute max-lg:-mt-4 max-lg:ml-3 max-lg:scale-75",
      )}
    >
      <span aria-hidden>{data > MOST ? `${MOST}+` : data}</span>
      <span className="sr-only">, {words}</span>
    </span>
  );
}
