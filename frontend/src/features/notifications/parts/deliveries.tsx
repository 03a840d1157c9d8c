"use client";

/** What a notification sent or is about to: each message with its attempts, and sending it again. */
import { Send } from "lucide-react";
import Link from "next/link";
import { Badge } from "@/components/badge";
import { Button } from "@/components/button";
import { IconButton } from "@/components/icon-button";
import { RelativeTime } from "@/components/relative-time";
import { executionHref } from "@/features/executions";
import { useDeliveries, useSendAgain, type Delivery } from "../api";

const looks = {
  pending: { word: "Sending", tone: "waiting" },
  delivered: { word: "Delivered", tone: "completed" },
  failed: { word: "Failed", tone: "failed" },
} as const;

export function Deliveries({
  notificationId,
  writes,
}: {
  notificationId: string;
  writes: boolean;
}) {
  const list = useDeliveries(notificationId);
  if (!list.data) return null;
  const rows = list.data.pages.flatMap((page) => page.items);
  return (
    <section aria-label="Deliveries" className="mt-6 border-t pt-4">
      <h3 className="font-semibold">Deliveries</h3>
      {rows.length === 0 && <p className="mt-1 text-muted">There are no deliveries yet.</p>}
      <ul className="mt-2 flex flex-col">
        {rows.map((delivery) => (
          <Row key={delivery.id} delivery={delivery} writes={writes} />
        ))}
      </ul>
      {list.hasNextPage && (
        <Button
          size="sm"
          loading={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          Load more
        </Button>
      )}
    </section>
  );
}

function Row({ delivery, writes }: { delivery: Delivery; writes: boolean }) {
  const again = useSendAgain();
  const { tone, word: status } = looks[delivery.status];
  const last = delivery.attempts.at(-1);
  // What did not get through is not on its way until it is tried again.
  const word = delivery.status === "pending" && last ? "Waiting" : status;
  return (
    <li className="flex items-start gap-2 border-b py-2 last:border-0">
      <Badge tone={tone} className="mt-px">
        {word}
      </Badge>
      <div className="min-w-0 flex-1">
        <p className="truncate" title={delivery.recipient}>
          {delivery.recipient}
        </p>
        {last?.error && <p className="text-xs break-words text-failed">{last.error}</p>}
        <p className="text-xs text-muted">
          {attempts(delivery.attempts.length)}
          {delivery.next_at && delivery.attempts.length > 0 && (
            <>
              {", next "}
              <RelativeTime ahead time={delivery.next_at} />
            </>
          )}
          {" · "}
          <Link
            href={executionHref(delivery.execution_id)}
            prefetch={false}
            className="text-accent-text underline"
          >
            execution
          </Link>
          {" · "}
          <RelativeTime time={delivery.created_at} />
        </p>
      </div>
      {writes && (
        <IconButton
          label="Send again"
          icon={<Send aria-hidden />}
          loading={again.isPending}
          onClick={() => again.mutate(delivery)}
        />
      )}
    </li>
  );
}

function attempts(count: number): string {
  if (count === 0) return "Not tried yet";
  return count === 1 ? "1 attempt" : `${count} attempts`;
}
