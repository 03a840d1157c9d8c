"use client";

/** Settings, Audit log: who did what, found by words, and proof that nobody changed it. */
import { Ban, Check, ScrollText, ShieldCheck } from "lucide-react";
import { Button } from "@/components/button";
import { EmptyState } from "@/components/empty-state";
import { FilterChips } from "@/components/filter-chips";
import { ListPage } from "@/components/list-page";
import { RelativeTime } from "@/components/relative-time";
import { SplitPane } from "@/components/split-pane";
import type { Column } from "@/components/table";
import { toast } from "@/components/toast";
import { SettingsFrame } from "@/features/settings";
import { useUrlState } from "@/lib/url-state";
import { useAuditLog, useVerification, type AuditEntry, type Outcome } from "./api";
import { EntryDetails } from "./details";
import { actionWords } from "./actions";
import { actorName, targetName } from "./words";

const outcomes: { value: Outcome; label: string }[] = [
  { value: "done", label: "Done" },
  { value: "denied", label: "Denied" },
];

export function AuditLogView() {
  const [params, change] = useUrlState();
  const open = params.get("open");
  return (
    <SettingsFrame title="Audit log" wide actions={<Verify />}>
      <div className="h-full">
        <SplitPane
          name="audit"
          narrow="cover"
          initial={420}
          min={320}
          side={
            open && <EntryDetails key={open} id={open} onClose={() => change({ open: null })} />
          }
        >
          <List open={open} />
        </SplitPane>
      </div>
    </SettingsFrame>
  );
}

function List({ open }: { open: string | null }) {
  const [params, change] = useUrlState();
  const search = params.get("q") ?? "";
  const outcome = outcomes.find(({ value }) => value === params.get("outcome"))?.value ?? null;
  return (
    <ListPage
      label="Audit log"
      noun="entries"
      list={useAuditLog({ search, outcome })}
      search={search}
      onSearch={(q) => change({ q: q || null })}
      filters={
        <FilterChips
          label="Outcome"
          chips={outcomes}
          value={outcome}
          onChange={(value) => change({ outcome: value })}
        />
      }
      columns={open ? columns.filter(({ id }) => narrow.has(id)) : columns}
      narrow={open !== null}
      rowId={({ id }) => id}
      openId={open}
      onOpen={({ id }) => change({ open: id === open ? null : id })}
      empty={
        <EmptyState
          icon={<ScrollText />}
          title={outcome === "denied" ? "No denied attempts" : "No entries"}
          description="Every change, sign-in, use of an API key and denied attempt appears here."
        />
      }
    />
  );
}

function Verify() {
  const verification = useVerification();
  const verify = () =>
    verification.mutate(undefined, {
      onSuccess: ({ ok, entries, broken_at, problem }) => {
        if (ok) toast.success(`All ${entries} entries are unchanged`);
        else
          toast.error(
            `Entry ${broken_at} of the log was changed or is missing`,
            new Error(problem ?? ""),
          );
      },
      onError: (problem) => toast.error("The log could not be verified", problem),
    });
  return (
    <Button loading={verification.isPending} onClick={verify}>
      <ShieldCheck aria-hidden />
      Verify
    </Button>
  );
}

/** What stays when there is an entry beside the list. */
const narrow = new Set(["when", "who", "action"]);

const columns: Column<AuditEntry>[] = [
  {
    id: "when",
    header: "When",
    className: "w-28",
    cell: ({ created_at }) => <RelativeTime time={created_at} />,
  },
  {
    id: "action",
    header: "Action",
    className: "w-60 max-lg:w-48",
    cell: ({ action, outcome }) => (
      <span className="flex items-center gap-1.5">
        {outcome === "denied" ? (
          <Ban aria-label="Denied" className="size-3.5 shrink-0 text-failed" />
        ) : (
          <Check aria-label="Done" className="size-3.5 shrink-0 text-completed" />
        )}
        <span className="truncate font-medium">{actionWords(action, outcome)}</span>
      </span>
    ),
  },
  {
    id: "target",
    secondary: true,
    header: "What",
    className: "w-44",
    cell: (entry) => targetName(entry),
  },
  {
    id: "who",
    secondary: true,
    header: "Who",
    cell: actorName,
  },
  {
    id: "address",
    secondary: true,
    header: "Address",
    className: "w-36 max-lg:w-28",
    cell: ({ origin }) => (
      <span className="font-mono text-xs text-muted">{origin.address ?? "–"}</span>
    ),
  },
];
