"use client";

/** Asks before a tool is deleted. */
import { ConfirmDialog } from "@/components/confirm-dialog";
import { useDeleteTool, type Tool } from "../api";

type DeleteToolProps = {
  tool: Pick<Tool, "id" | "name">;
  onClose: () => void;
  onDeleted?: () => void;
};

export function DeleteTool({ tool, onClose, onDeleted }: DeleteToolProps) {
  const remove = useDeleteTool();
  return (
    <ConfirmDialog
      title={`Delete “${tool.name}”?`}
      description="Flows and agents that use this tool show a problem until you choose another one. Past executions do not change."
      verb="Delete tool"
      onConfirm={async () => {
        await remove.mutateAsync(tool.id);
        onDeleted?.();
      }}
      onClose={onClose}
    />
  );
}
