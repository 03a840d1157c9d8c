"use client";

/** Making a further tenant. */
import { zodResolver } from "@hookform/resolvers/zod";
import { useForm } from "react-hook-form";
import * as z from "zod";
import { FormDialog } from "@/components/form-dialog";
import { Field } from "@/components/field";
import { Input } from "@/components/input";
import { useSave } from "@/lib/api/use-save";
import { useCreateTenant } from "./session";
import { tenantNameRule } from "./tenant-name";

const schema = z.object({ name: tenantNameRule });

export function NewTenantDialog({ onClose }: { onClose: () => void }) {
  const create = useCreateTenant();
  const form = useForm({ resolver: zodResolver(schema), defaultValues: { name: "" } });
  const { errors } = form.formState;
  const save = useSave(form, async ({ name }) => {
    await create.mutateAsync(name);
  });
  return (
    <FormDialog
      title="New tenant"
      description="A tenant has its own flows, agents, models and members. You become its admin."
      verb="Create tenant"
      form={{ ...save, saving: save.saving || save.done }}
      onClose={onClose}
    >
      <Field label="Name" error={errors.name?.message}>
        <Input autoComplete="organization" {...form.register("name")} />
      </Field>
    </FormDialog>
  );
}
