"use client";

/** An agent's form: a new one, or one that is stored. */
import { zodResolver } from "@hookform/resolvers/zod";
import { Trash2 } from "lucide-react";
import { useState } from "react";
import { useForm } from "react-hook-form";
import { Button } from "@/components/button";
import { FormSheet } from "@/components/form-sheet";
import { LoadingSheet } from "@/components/loading-sheet";
import { toast } from "@/components/toast";
import { useCan } from "@/features/auth";
import { setFormErrors } from "@/lib/api/form";
import { useAgent, useSaveAgent, type Agent } from "../api";
import { agentSchema, newAgent, toBody, toValues } from "../form";
import { DeleteAgent } from "./delete-agent";
import { AgentFields } from "./fields";

export function AgentSheet({ id, onClose }: { id: string; onClose: () => void }) {
  const { data, error, refetch } = useAgent(id);
  if (data) return <AgentForm agent={data} onClose={onClose} />;
  return (
    <LoadingSheet title="Agent" error={error} onRetry={() => void refetch()} onClose={onClose} />
  );
}

/** Without an agent it makes a new one. */
export function AgentForm({ agent, onClose }: { agent?: Agent; onClose: () => void }) {
  const writes = useCan("agents:write");
  const save = useSaveAgent(agent?.id);
  const [deleting, setDeleting] = useState(false);
  const form = useForm({
    resolver: zodResolver(agentSchema),
    defaultValues: agent ? toValues(agent) : newAgent,
  });
  const { isSubmitting, isDirty, errors } = form.formState;

  const submit = form.handleSubmit(async (values) => {
    try {
      await save.mutateAsync(toBody(values));
      toast.success(agent ? `“${values.name}” saved` : `“${values.name}” added`);
      onClose();
    } catch (error) {
      setFormErrors(form, error, { name_taken: "name" });
    }
  });
  return (
    <>
      <FormSheet
        title={agent?.name ?? "New agent"}
        description={agent ? undefined : "Use it in as many crews and flows as you like."}
        verb={agent ? "Save" : "Add agent"}
        onClose={onClose}
        onSubmit={submit}
        saving={isSubmitting}
        dirty={isDirty}
        problem={errors.root?.message}
        readOnly={!writes}
        extra={
          agent && (
            <Button variant="ghost" onClick={() => setDeleting(true)}>
              <Trash2 aria-hidden />
              Delete
            </Button>
          )
        }
      >
        <AgentFields form={form} />
      </FormSheet>
      {agent && deleting && (
        <DeleteAgent agent={agent} onClose={() => setDeleting(false)} onDeleted={onClose} />
      )}
    </>
  );
}
