"use client";

/** Asks what becomes of a member's work before they are removed. */
import { useState } from "react";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { Segmented } from "@/components/segmented";
import { useBelongings, useRemoveMember, type Belongings, type Member } from "../api";
import { choicesFor, keepAll, keysLost, type Removal } from "../removal";

export function RemoveDialog({ member, onClose }: { member: Member; onClose: () => void }) {
  const remove = useRemoveMember();
  const { data } = useBelongings(member.user_id);
  const [removal, setRemoval] = useState<Removal>(keepAll);
  return (
    <ConfirmDialog
      title={`Remove ${member.full_name || member.email}?`}
      description="They lose access at once, and API keys they made stop working. What they built stays."
      verb="Remove"
      onConfirm={() => remove.mutateAsync({ id: member.user_id, removal })}
      onClose={onClose}
    >
      {data && <RemovalChoices belongings={data} removal={removal} onChange={setRemoval} />}
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
  return (
    <div className="flex flex-col gap-3">
      {lost && <p>{lost}</p>}
      {choicesFor(belongings).map(({ name, label, options }) => (
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
