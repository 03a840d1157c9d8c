"use client";

/** Asks before an agent is deleted; crews that have it stand in the way, and are named. */
import { ConfirmDialog } from "@/components/confirm-dialog";
import { useDeleteAgent, type Agent } from "../api";

type DeleteAgentProps = {
  agent: Pick<Agent, "id" | "name">;
  onClose: () => void;
  onDeleted?: () => void;
};

export function DeleteAgent({ agent, onClose, onDeleted }: DeleteAgentProps) {
  const remove = useDeleteAgent();
  return (
    <ConfirmDialog
      title={`Delete “${agent.name}”?`}
      description="Flows that use this agent show a problem until you choose another agent. Past executions do not change."
      verb="Delete agent"
      onConfirm={async () => {
        await remove.mutateAsync(agent.id);
        onDeleted?.();
      }}
      onClose={onClose}
    />
  );
}
