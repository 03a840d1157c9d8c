"use client";

/** A trigger's form: a new one, or one that is stored with what came of it. */
import { zodResolver } from "@hookform/resolvers/zod";
import { useState } from "react";
import { useForm } from "react-hook-form";
import { FormSheet } from "@/components/form-sheet";
import { StoredSheet } from "@/components/stored-sheet";
import { toast } from "@/components/toast";
import { useCan } from "@/features/auth";
import { useSave } from "@/lib/api/use-save";
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
  const save = useSave(form, async (values) => {
    const trigger = await create.mutateAsync(toCreation(kind, flowId, values));
    if (kind === "webhook") return setMade(trigger);
    toast.success(`“${trigger.name}” added`);
    onClose();
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
      form={save}
    >
      <TriggerFields kind={kind} form={form} names={names} />
    </FormSheet>
  );
}

type TriggerSheetProps = { id: string; names: string[]; onClose: () => void };

export function TriggerSheet({ id, names, onClose }: TriggerSheetProps) {
  return (
    <StoredSheet title="Trigger" query={useTrigger(id)} onClose={onClose}>
      {(trigger) => <StoredTrigger trigger={trigger} names={names} onClose={onClose} />}
    </StoredSheet>
  );
}

type StoredProps = { trigger: Trigger; names: string[]; onClose: () => void };

function StoredTrigger({ trigger, names, onClose }: StoredProps) {
  const writes = useCan("triggers:write");
  const change = useChangeTrigger();
  const form = useForm({
    resolver: zodResolver(triggerSchema),
    defaultValues: toValues(trigger),
  });
  const save = useSave(form, async (values) => {
    await change.mutateAsync({ id: trigger.id, ...toChange(trigger.kind, values) });
    toast.success(`“${values.name}” saved`);
    onClose();
  });
  return (
    <FormSheet
      title={trigger.name}
      verb="Save"
      onClose={onClose}
      form={save}
      readOnly={!writes}
      deletion={(asked) => <DeleteTrigger trigger={trigger} {...asked} />}
      after={
        <>
          {trigger.kind === "webhook" && <Calling trigger={trigger} names={names} />}
          <Firings triggerId={trigger.id} />
        </>
      }
    >
      <TriggerFields kind={trigger.kind} form={form} names={names} />
    </FormSheet>
  );
}
