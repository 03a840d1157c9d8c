"use client";

/** Inviting somebody by e-mail. */
import { zodResolver } from "@hookform/resolvers/zod";
import { useState } from "react";
import { useForm } from "react-hook-form";
import * as z from "zod";
import { FormDialog } from "@/components/form-dialog";
import { Field } from "@/components/field";
import { FormField } from "@/components/form-field";
import { Input } from "@/components/input";
import { Select } from "@/components/select";
import { toast } from "@/components/toast";
import { mailAddress } from "@/lib/mail-address";
import { useSave } from "@/lib/api/use-save";
import { useInvite } from "../api";
import { roleOptions } from "../roles";
import { LinkDialog } from "./link-dialog";

const schema = z.object({
  email: mailAddress,
  role: z.enum(["viewer", "member", "admin"]),
});
type Values = z.infer<typeof schema>;

const byCode = { already_member: "email", already_invited: "email" } as const;

export function InviteDialog({ onClose }: { onClose: () => void }) {
  const invite = useInvite();
  const [sent, setSent] = useState<{ email: string; link: string } | null>(null);
  const defaultValues: Values = { email: "", role: "member" };
  const form = useForm({ resolver: zodResolver(schema), defaultValues });
  const { errors } = form.formState;
  const save = useSave(
    form,
    async (values) => {
      const made = await invite.mutateAsync(values);
      if (made?.link) return setSent({ email: made.email, link: made.link });
      toast.success(`Invitation mailed to ${values.email}`);
      onClose();
    },
    byCode,
  );
  if (sent) return <LinkDialog {...sent} onClose={onClose} />;
  return (
    <FormDialog
      title="Invite somebody"
      description="They get a mail with a link. The link works for a week."
      verb="Send invitation"
      form={save}
      onClose={onClose}
    >
      <Field label="E-mail" error={errors.email?.message}>
        <Input type="email" autoComplete="off" {...form.register("email")} />
      </Field>
      <FormField control={form.control} name="role" label="Role">
        {(bound) => <Select {...bound} options={roleOptions} />}
      </FormField>
    </FormDialog>
  );
}
