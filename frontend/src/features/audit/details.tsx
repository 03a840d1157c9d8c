"use client";

/** One entry of the audit log with everything that is known of it. */
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { CopyButton } from "@/components/copy-button";
import { ErrorState } from "@/components/error-state";
import { IconButton } from "@/components/icon-button";
import { JsonView } from "@/components/json-view";
import { RelativeTime } from "@/components/relative-time";
import { SkeletonRows } from "@/components/skeleton";
import { useAuditEntry, type AuditEntry } from "./api";
import { actionWords } from "./actions";
import { actorName, changeWords, targetName } from "./words";

export function EntryDetails({ id, onClose }: { id: string; onClose: () => void }) {
  const { data, error, refetch } = useAuditEntry(id);
  return (
    <section aria-label="Entry" className="flex h-full flex-col overflow-auto">
      <header className="flex items-center gap-2 border-b px-4 py-2">
        <h2 className="min-w-0 flex-1 truncate font-semibold">
          {data ? actionWords(data.action, data.outcome) : "Entry"}
        </h2>
        <IconButton label="Close" icon={<X aria-hidden />} onClick={onClose} />
      </header>
      {error && !data && (
        <ErrorState
          error={error}
          title="The entry could not be loaded"
          onRetry={() => void refetch()}
        />
      )}
      {!error && !data && <SkeletonRows rows={6} />}
      {data && <Facts entry={data} />}
    </section>
  );
}

function Facts({ entry }: { entry: AuditEntry }) {
  return (
    <div className="p-4">
      <dl className="grid grid-cols-[6.5rem_1fr] gap-y-1">
        <Fact name="Who">{actorName(entry)}</Fact>
        <Fact name="When">
          <RelativeTime time={entry.created_at} />
        </Fact>
        <Fact name="What">{targetName(entry)}</Fact>
        <Fact name="Outcome">
          {entry.outcome === "done"
            ? entry.saves
              ? `Done, ${entry.saves} saves`
              : "Done"
            : `Denied${entry.reason ? `: ${entry.reason}` : ""}`}
        </Fact>
        <Fact name="Permission">{entry.permission ?? "–"}</Fact>
        <Fact name="Address">{entry.origin.address ?? "–"}</Fact>
        <Fact name="Program">{entry.origin.agent || "–"}</Fact>
        <Fact name="Request">
          {entry.request.method ? `${entry.request.method} ${entry.request.path}` : "–"}
        </Fact>
        <Fact name="Request id">{entry.request.id ?? "–"}</Fact>
        <Fact name="Position in the log">
          <span className="flex items-center gap-1">
            {entry.seq}
            <CopyButton text={`${entry.seq}:${entry.hash}`} label="Copy the number and the hash" />
          </span>
        </Fact>
      </dl>
      {entry.changes.map((change, index) => (
        <Change key={index} change={change} />
      ))}
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </>
  );
}

function Change({ change }: { change: AuditEntry["changes"][number] }) {
  return (
    <section className="mt-5 border-t pt-3">
      <h3 className="font-medium">
        {changeWords(change)}
        {change.name && <span className="ml-1 text-muted">“{change.name}”</span>}
      </h3>
      {change.operation !== "create" && <Side title="Before" value={change.before} />}
      {change.operation !== "delete" && <Side title="After" value={change.after} />}
    </section>
  );
}

function Side({ title, value }: { title: string; value: Record<string, unknown> }) {
  if (Object.keys(value).length === 0) return null;
  return (
    <div className="mt-2">
      <p className="text-xs text-muted">{title}</p>
      <JsonView value={value} />
    </div>
  );
}
