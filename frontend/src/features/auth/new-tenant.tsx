"use client";

/** Making a further tenant. */
import { zodResolver } from "@hookform/resolvers/zod";
import { useId } from "react";
import { useForm } from "react-hook-form";
import { z } from "zod";
import { Button } from "@/components/button";
import { Dialog } from "@/components/dialog";
import { Field } from "@/components/field";
import { FormError } from "@/components/form-error";
import { Input } from "@/components/input";
import { setFormErrors } from "@/lib/api/form";
import { useCreateTenant } from "./session";

const schema = z.object({
  name: z
    .string()
    .trim()
    .min(1, "Name your team or company.")
    .max(200, "Use at most 200 characters."),
});

export function NewTenantDialog({ onClose }: { onClose: () => void }) {
  const id = useId();
  const create = useCreateTenant();
  const form = useForm({ resolver: zodResolver(schema), defaultValues: { name: "" } });
  const { errors, isSubmitting, isSubmitSuccessful } = form.formState;
  const submit = form.handleSubmit(async ({ name }) => {
    try {
      await create.mutateAsync(name);
    } catch (error) {
      setFormErrors(form, error);
    }
  });
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="New tenant"
      description="It has flows, agents, models and members of its own. You become its admin."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            form={id}
            variant="primary"
            loading={isSubmitting || (isSubmitSuccessful && !errors.root)}
          >
            Make tenant
          </Button>
        </>
      }
    >
      <form id={id} noValidate onSubmit={submit} className="flex flex-col gap-4">
        <Field label="Name" error={errors.name?.message}>
          <Input autoComplete="organization" {...form.register("name")} />
        </Field>
        <FormError message={errors.root?.message} />
      </form>
    </Dialog>
  );
}
