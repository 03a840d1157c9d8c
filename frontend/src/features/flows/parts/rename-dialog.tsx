"use client";

/** Changes a flow's name and description. */
import { zodResolver } from "@hookform/resolvers/zod";
import { useForm } from "react-hook-form";
import { z } from "zod";
import { Button } from "@/components/button";
import { Dialog } from "@/components/dialog";
import { Field } from "@/components/field";
import { FormError } from "@/components/form-error";
import { Input } from "@/components/input";
import { Textarea } from "@/components/textarea";
import { setFormErrors } from "@/lib/api/form";
import { useChangeFlow, type FlowSummary } from "../api";

const schema = z.object({
  name: z.string().trim().min(1, "Give the flow a name.").max(200, "Use at most 200 characters."),
  description: z.string().trim().max(2000, "Use at most 2,000 characters."),
});

export function RenameDialog({ flow, onClose }: { flow: FlowSummary; onClose: () => void }) {
  const change = useChangeFlow();
  const form = useForm({
    resolver: zodResolver(schema),
    defaultValues: { name: flow.name, description: flow.description ?? "" },
  });
  const { errors, isSubmitting } = form.formState;

  const submit = form.handleSubmit(async ({ name, description }) => {
    try {
      await change.mutateAsync({ id: flow.id, name, description: description || null });
      onClose();
    } catch (error) {
      setFormErrors(form, error);
    }
  });
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="Rename flow"
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form="rename-flow" variant="primary" loading={isSubmitting}>
            Rename
          </Button>
        </>
      }
    >
      <form id="rename-flow" noValidate onSubmit={submit} className="flex flex-col gap-4">
        <Field label="Name" error={errors.name?.message}>
          <Input {...form.register("name")} />
        </Field>
        <Field label="Description" optional error={errors.description?.message}>
          <Textarea {...form.register("description")} />
        </Field>
        <FormError message={errors.root?.message} />
      </form>
    </Dialog>
  );
}
