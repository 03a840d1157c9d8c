"use client";

/** A trigger's form: a new one, or one that is stored with what came of it. */
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
import {
  useChangeTrigger,
  useCreateTrigger,
  useTrigger,
  type MadeTrigger,
  type Trigger,
} from "../api";
import { newTrigger, toChange, toCreation, toValues, triggerSchema, type Kind } from "../form";
import { ownZone } from "../schedules";
import { Calling, MadeDialog } from "./calling";
import { DeleteTrigger } from "./delete-trigger";
import { TriggerFields } from "./fields";
import { Firings } from "./firings";

type NewTriggerProps = { kind: Kind; flowId: string; names: string[]; onClose: () => void };

export function NewTriggerSheet({ kind, flowId, names, onClose }: NewTriggerProps) {
  const create = useCreateTrigger();
  const [made, setMade] = useState<MadeTrigger | null>(null);
  const form = useForm({
    resolver: zodResolver(triggerSchema),
    defaultValues: newTrigger(kind, ownZone(), names),
  });
  const { errors, isSubmitting, isDirty } = form.formState;

  const submit = form.handleSubmit(async (values) => {
    try {
      const trigger = await create.mutateAsync(toCreation(kind, flowId, values));
      if (kind === "webhook") return setMade(trigger);
      toast.success(`“${trigger.name}” added`);
      onClose();
    } catch (error) {
      setFormErrors(form, error);
    }
  });
  if (made) return <MadeDialog made={made} names={names} onClose={onClose} />;
  return (
    <FormSheet
      title={kind === "schedule" ? "New schedule" : "New webhook"}
      description={
        kind === "schedule"
          ? "Starts the flow at certain times."
          : "Starts the flow when another service calls its address."
      }
      verb={kind === "schedule" ? "Add schedule" : "Add webhook"}
      onClose={onClose}
      onSubmit={submit}
      saving={isSubmitting}
      dirty={isDirty}
      problem={errors.root?.message}
    >
      <TriggerFields kind={kind} form={form} names={names} />
    </FormSheet>
  );
}

type TriggerSheetProps = { id: string; names: string[]; onClose: () => void };

export function TriggerSheet({ id, names, onClose }: TriggerSheetProps) {
  const { data, error, refetch } = useTrigger(id);
  if (data) return <StoredTrigger trigger={data} names={names} onClose={onClose} />;
  return (
    <LoadingSheet title="Trigger" error={error} onRetry={() => void refetch()} onClose={onClose} />
  );
}

type StoredProps = { trigger: Trigger; names: string[]; onClose: () => void };

function StoredTrigger({ trigger, names, onClose }: StoredProps) {
  const writes = useCan("triggers:write");
  const change = useChangeTrigger();
  const [deleting, setDeleting] = useState(false);
  const form = useForm({
    resolver: zodResolver(triggerSchema),
    defaultValues: toValues(trigger),
  });
  const { errors, isSubmitting, isDirty } = form.formState;

  const submit = form.handleSubmit(async (values) => {
    try {
      await change.mutateAsync({ id: trigger.id, ...toChange(trigger.kind, values) });
      toast.success(`“${values.name}” saved`);
      onClose();
    } catch (error) {
      setFormErrors(form, error);
    }
  });
  return (
    <>
      <FormSheet
        title={trigger.name}
        verb="Save"
        onClose={onClose}
        onSubmit={submit}
        saving={isSubmitting}
        dirty={isDirty}
        problem={errors.root?.message}
        readOnly={!writes}
        extra={
          <Button variant="ghost" onClick={() => setDeleting(true)}>
            <Trash2 aria-hidden />
            Delete
          </Button>
        }
        after={
          <>
            {trigger.kind === "webhook" && <Calling trigger={trigger} names={names} />}
            <Firings triggerId={trigger.id} />
          </>
        }
      >
        <TriggerFields kind={trigger.kind} form={form} names={names} />
      </FormSheet>
      {deleting && (
        <DeleteTrigger trigger={trigger} onClose={() => setDeleting(false)} onDeleted={onClose} />
      )}
    </>
  );
}
