"use client";

/** Asks before a trigger, its address and its secret are deleted. */
import { ConfirmDialog } from "@/components/confirm-dialog";
import { useDeleteTrigger, type Trigger } from "../api";

type DeleteTriggerProps = {
  trigger: Pick<Trigger, "id" | "name" | "kind">;
  onClose: () => void;
  onDeleted?: () => void;
};

export function DeleteTrigger({ trigger, onClose, onDeleted }: DeleteTriggerProps) {
  const remove = useDeleteTrigger();
  return (
    <ConfirmDialog
      title={`Delete “${trigger.name}”?`}
      description={
        trigger.kind === "webhook"
          ? "Its address stops working. You cannot undo this. Its executions stay."
          : "It no longer starts the flow. Its executions stay."
      }
      verb="Delete"
      onConfirm={async () => {
        await remove.mutateAsync(trigger.id);
        onDeleted?.();
      }}
      onClose={onClose}
    />
  );
}
