"use client";

/** Changes a flow's name and description. */
import { zodResolver } from "@hookform/resolvers/zod";
import { useForm } from "react-hook-form";
import * as z from "zod/mini";
import { FormDialog } from "@/components/form-dialog";
import { Field } from "@/components/field";
import { Input } from "@/components/input";
import { Textarea } from "@/components/textarea";
import { useSave } from "@/lib/api/use-save";
import { useChangeFlow, type FlowSummary } from "../api";

const schema = z.object({
  name: z
    .string()
    .check(
      z.trim(),
      z.minLength(1, "Give the flow a name."),
      z.maxLength(200, "Use at most 200 characters."),
    ),
  description: z.string().check(z.trim(), z.maxLength(2000, "Use at most 2,000 characters.")),
});

export function RenameDialog({ flow, onClose }: { flow: FlowSummary; onClose: () => void }) {
  const change = useChangeFlow();
  const form = useForm({
    resolver: zodResolver(schema),
    defaultValues: { name: flow.name, description: flow.description ?? "" },
  });
  const { errors } = form.formState;
  const save = useSave(form, async ({ name, description }) => {
    await change.mutateAsync({ id: flow.id, name, description: description || null });
    onClose();
  });
  return (
    <FormDialog title="Rename flow" verb="Rename" form={save} onClose={onClose}>
      <Field label="Name" error={errors.name?.message}>
        <Input {...form.register("name")} />
      </Field>
      <Field label="Description" optional error={errors.description?.message}>
        <Textarea {...form.register("description")} />
      </Field>
    </FormDialog>
  );
}
