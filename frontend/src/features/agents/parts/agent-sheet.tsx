"use client";

/** An agent's form: a new one, or one that is stored. */
import { zodResolver } from "@hookform/resolvers/zod";
import { useForm } from "react-hook-form";
import { FormSheet } from "@/components/form-sheet";
import { StoredSheet } from "@/components/stored-sheet";
import { toast } from "@/components/toast";
import { useCan } from "@/features/auth";
import { useSave } from "@/lib/api/use-save";
import { useAgent, useSaveAgent, type Agent } from "../api";
import { agentSchema, newAgent, toBody, toValues } from "../form";
import { DeleteAgent } from "./delete-agent";
import { AgentFields } from "./fields";

export function AgentSheet({ id, onClose }: { id: string; onClose: () => void }) {
  return (
    <StoredSheet title="Agent" query={useAgent(id)} onClose={onClose}>
      {(agent) => <AgentForm agent={agent} onClose={onClose} />}
    </StoredSheet>
  );
}

/** Without an agent it makes a new one. */
export function AgentForm({ agent, onClose }: { agent?: Agent; onClose: () => void }) {
  const writes = useCan("agents:write");
  const store = useSaveAgent(agent?.id);
  const form = useForm({
    resolver: zodResolver(agentSchema),
    defaultValues: agent ? toValues(agent) : newAgent,
  });
  const save = useSave(
    form,
    async (values) => {
      await store.mutateAsync(toBody(values));
      toast.success(agent ? `“${values.name}” saved` : `“${values.name}” added`);
      onClose();
    },
    { name_taken: "name" },
  );
  return (
    <FormSheet
      title={agent?.name ?? "New agent"}
      description={agent ? undefined : "You can use an agent in many crews and flows."}
      verb={agent ? "Save" : "Add agent"}
      onClose={onClose}
      form={save}
      readOnly={!writes}
      deletion={agent && ((asked) => <DeleteAgent agent={agent} {...asked} />)}
    >
      <AgentFields form={form} />
    </FormSheet>
  );
}
