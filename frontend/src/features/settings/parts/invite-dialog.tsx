"use client";

/** Inviting somebody by e-mail. */
import { zodResolver } from "@hookform/resolvers/zod";
import { useId, useState } from "react";
import { useForm } from "react-hook-form";
import { z } from "zod";
import { Button } from "@/components/button";
import { Dialog } from "@/components/dialog";
import { Field } from "@/components/field";
import { FormError } from "@/components/form-error";
import { FormField } from "@/components/form-field";
import { Input } from "@/components/input";
import { Select } from "@/components/select";
import { toast } from "@/components/toast";
import { setFormErrors } from "@/lib/api/form";
import { useInvite } from "../api";
import { roleOptions } from "../roles";
import { LinkDialog } from "./link-dialog";

const schema = z.object({
  email: z.email("Enter an e-mail address, like name@example.org."),
  role: z.enum(["viewer", "member", "admin"]),
});
type Values = z.infer<typeof schema>;

const byCode = { already_member: "email", already_invited: "email" } as const;

export function InviteDialog({ onClose }: { onClose: () => void }) {
  const id = useId();
  const invite = useInvite();
  const [sent, setSent] = useState<{ email: string; link: string } | null>(null);
  const defaultValues: Values = { email: "", role: "member" };
  const form = useForm({ resolver: zodResolver(schema), defaultValues });
  const { errors, isSubmitting } = form.formState;
  const submit = form.handleSubmit(async (values) => {
    try {
      const made = await invite.mutateAsync(values);
      if (made?.link) return setSent({ email: made.email, link: made.link });
      toast.success(`Invitation mailed to ${values.email}`);
      onClose();
    } catch (error) {
      setFormErrors(form, error, byCode);
    }
  });
  if (sent) return <LinkDialog {...sent} onClose={onClose} />;
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="Invite somebody"
      description="They get a mail with a link, which is good for a week."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={id} variant="primary" loading={isSubmitting}>
            Send invitation
          </Button>
        </>
      }
    >
      <form id={id} noValidate onSubmit={submit} className="flex flex-col gap-4">
        <Field label="E-mail" error={errors.email?.message}>
          <Input type="email" autoComplete="off" {...form.register("email")} />
        </Field>
        <FormField control={form.control} name="role" label="Role">
          {(bound) => <Select {...bound} options={roleOptions} />}
        </FormField>
        <FormError message={errors.root?.message} />
      </form>
    </Dialog>
  );
}
