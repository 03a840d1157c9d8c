"use client";

/** Asks what becomes of a member's work before they are removed. */
import { useState } from "react";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { ErrorState } from "@/components/error-state";
import { Segmented } from "@/components/segmented";
import { Spinner } from "@/components/spinner";
import { useBelongings, useRemoveMember, type Belongings, type Member } from "../api";
import { choicesFor, keepAll, keysLost, type Removal } from "../removal";

export function RemoveDialog({ member, onClose }: { member: Member; onClose: () => void }) {
  const remove = useRemoveMember();
  const { data, error, refetch } = useBelongings(member.user_id);
  const [removal, setRemoval] = useState<Removal>(keepAll);
  return (
    <ConfirmDialog
      title={`Remove ${member.full_name || member.email}?`}
      description="They lose access at once, and the API keys they created stop working. Their flows, agents and crews stay."
      verb="Remove"
      // Nobody decides about schedules and executions that were not shown.
      ready={data !== undefined}
      onConfirm={() => remove.mutateAsync({ id: member.user_id, removal })}
      onClose={onClose}
    >
      {data && <RemovalChoices belongings={data} removal={removal} onChange={setRemoval} />}
      {!data && !error && (
        <p role="status" className="flex items-center gap-2 text-muted">
          <Spinner /> Looking for their schedules, webhooks and executions
        </p>
      )}
      {!data && error && (
        <ErrorState
          error={error}
          title="Their schedules, webhooks and executions could not be loaded"
          onRetry={() => void refetch()}
        />
      )}
    </ConfirmDialog>
  );
}

type ChoicesProps = {
  belongings: Belongings;
  removal: Removal;
  onChange: (removal: Removal) => void;
};

export function RemovalChoices({ belongings, removal, onChange }: ChoicesProps) {
  const lost = keysLost(belongings);
  const choices = choicesFor(belongings);
  if (!lost && choices.length === 0)
    return <p className="text-muted">They have no active schedules, webhooks or executions.</p>;
  return (
    <div className="flex flex-col gap-3">
      {lost && <p>{lost}</p>}
      {choices.map(({ name, label, options }) => (
        <div key={name} className="flex flex-col gap-1">
          <p>{label}</p>
          <Segmented
            label={label}
            options={options}
            value={removal[name]}
            onChange={(value) => onChange({ ...removal, [name]: value })}
          />
        </div>
      ))}
    </div>
  );
}
