"use client";

/** The inbox: what executions ask people, open questions first; each is answered in place. */
import { Inbox } from "lucide-react";
import Link from "next/link";
import { Button } from "@/components/button";
import { EmptyState } from "@/components/empty-state";
import { ErrorState } from "@/components/error-state";
import { FilterChips } from "@/components/filter-chips";
import { MoreRows } from "@/components/more-rows";
import { SkeletonRows } from "@/components/skeleton";
import { useCan, useSession } from "@/features/auth";
import { PageBar } from "@/features/shell";
import { useUrlState } from "@/lib/url-state";
import { useApprovals, type Approval } from "./api";
import { Question } from "./parts/question";

type Shown = "open" | "closed";

export function InboxView() {
  const [params, change] = useUrlState();
  const shown: Shown = params.get("show") === "closed" ? "closed" : "open";
  return (
    <div className="flex h-full flex-col">
      <PageBar crumbs={[{ label: "Inbox" }]} />
      <h1 className="sr-only">Inbox</h1>
      <div className="flex shrink-0 items-center border-b px-4 py-2">
        <FilterChips
          label="Questions"
          chips={[{ value: "closed", label: "Answered and closed" }]}
          value={shown === "closed" ? "closed" : null}
          onChange={(value) => change({ show: value })}
        />
      </div>
      <Questions shown={shown} onAll={() => change({ show: null })} />
    </div>
  );
}

function Questions({ shown, onAll }: { shown: Shown; onAll: () => void }) {
  const list = useApprovals(shown === "open");
  const refusalOf = useRefusal();
  if (list.error && !list.data) {
    return (
      <ErrorState
        error={list.error}
        title="The inbox could not be loaded"
        onRetry={() => void list.refetch()}
      />
    );
  }
  if (!list.data) return <SkeletonRows rows={4} />;
  const items = list.data.pages.flatMap((page) => page.items);
  if (items.length === 0) return <Empty shown={shown} onAll={onAll} />;
  return (
    // Scrolled by keyboard also where nothing in it takes the focus.
    <div tabIndex={0} className="min-h-0 flex-1 overflow-auto">
      <ul aria-label={shown === "open" ? "Open questions" : "Closed questions"}>
        {items.map((approval) => (
          <Question key={approval.id} approval={approval} refusal={refusalOf(approval)} />
        ))}
      </ul>
      <MoreRows list={list} />
    </div>
  );
}

/** Why the person cannot answer a question, or null when they can. */
function useRefusal(): (approval: Approval) => string | null {
  const may = useCan("executions:write");
  const role = useSession().data?.role;
  return ({ role: wanted }) => {
    if (!may)
      return "Your role lets you read this question, but not answer it. Ask a member of the tenant.";
    const isAdmin = role === "admin";
    return wanted === "admin" && !isAdmin ? "Only an admin can answer this question." : null;
  };
}

function Empty({ shown, onAll }: { shown: Shown; onAll: () => void }) {
  if (shown === "closed") {
    return (
      <EmptyState
        icon={<Inbox />}
        title="No closed questions yet"
        description="Questions appear here when somebody has answered them, or when their time is over."
        action={<Button onClick={onAll}>Show open questions</Button>}
      />
    );
  }
  return (
    <EmptyState
      icon={<Inbox />}
      title="No open questions"
      description="When a flow reaches an Approval node, its question appears here. Add an Approval node to a flow to let a person decide."
      action={
        <Button asChild variant="primary">
          <Link href="/flows/" prefetch={false}>
            Go to flows
          </Link>
        </Button>
      }
    />
  );
}
