"use client";

/** Asks before a crew is deleted. */
import { ConfirmDialog } from "@/components/confirm-dialog";
import { useDeleteCrew, type Crew } from "../api";

type DeleteCrewProps = {
  crew: Pick<Crew, "id" | "name">;
  onClose: () => void;
  onDeleted?: () => void;
};

export function DeleteCrew({ crew, onClose, onDeleted }: DeleteCrewProps) {
  const remove = useDeleteCrew();
  return (
    <ConfirmDialog
      title={`Delete “${crew.name}”?`}
      description="Flows that use this crew show a problem until you choose another crew. Its agents and past executions stay."
      verb="Delete crew"
      onConfirm={async () => {
        await remove.mutateAsync(crew.id);
        onDeleted?.();
      }}
      onClose={onClose}
    />
  );
}
