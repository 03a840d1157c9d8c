"use client";

/** Asks before a provider and its key are deleted. */
import { ConfirmDialog } from "@/components/confirm-dialog";
import { useDeleteProvider, type Provider } from "../api";

type DeleteProviderProps = {
  provider: Pick<Provider, "id" | "name">;
  onClose: () => void;
  onDeleted?: () => void;
};

export function DeleteProvider({ provider, onClose, onDeleted }: DeleteProviderProps) {
  const remove = useDeleteProvider();
  return (
    <ConfirmDialog
      title={`Delete “${provider.name}”?`}
      description="This also deletes its key. Agents that use this provider will use the default model."
      verb="Delete provider"
      onConfirm={async () => {
        await remove.mutateAsync(provider.id);
        onDeleted?.();
      }}
      onClose={onClose}
    />
  );
}
