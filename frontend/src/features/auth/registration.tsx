"use client";

/** The form of somebody new: an account together with its first tenant. */
import { zodResolver } from "@hookform/resolvers/zod";
import type { ReactNode } from "react";
import { useForm } from "react-hook-form";
import * as z from "zod";
import { Field } from "@/components/field";
import { Input } from "@/components/input";
import { SecretInput } from "@/components/secret-input";
import { api } from "@/lib/api/client";
import { useSave } from "@/lib/api/use-save";
import { mailAddress } from "@/lib/mail-address";
import { safePath } from "@/lib/safe-path";
import { AuthForm } from "./form";
import { AuthFrame } from "./frame";
import { PASSWORD_HINT, passwordRule } from "./password";
import { tenantNameRule } from "./tenant-name";

type RegistrationProps = {
  /** Where to go afterwards. */
  next: string | null;
  /** What a mailed link carries: the proof that the address is theirs. */
  mailed?: { token: string; email: string };
  footer: ReactNode;
};

const schema = z.object({
  full_name: z.string().trim(),
  email: mailAddress,
  password: passwordRule,
  tenant_name: tenantNameRule,
});

export function Registration({ next, mailed, footer }: RegistrationProps) {
  const form = useForm({
    resolver: zodResolver(schema),
    defaultValues: { full_name: "", email: mailed?.email ?? "", password: "", tenant_name: "" },
  });
  const { errors } = form.formState;
  const save = useSave(form, async ({ full_name, ...rest }) => {
    const body = { ...rest, full_name: full_name || null, token: mailed?.token ?? null };
    await api.POST("/api/v1/auth/register", { body });
    window.location.assign(safePath(next));
  });
  return (
    <RegistrationFrame footer={footer}>
      <AuthForm form={save} verb="Create account">
        <Field label="Your name" optional error={errors.full_name?.message}>
          <Input autoComplete="name" autoFocus {...form.register("full_name")} />
        </Field>
        <Field label="E-mail" error={errors.email?.message}>
          <Input
            type="email"
            autoComplete="username"
            readOnly={Boolean(mailed?.email)}
            {...form.register("email")}
          />
        </Field>
        <Field label="Password" hint={PASSWORD_HINT} error={errors.password?.message}>
          <SecretInput autoComplete="new-password" {...form.register("password")} />
        </Field>
        <Field
          label="Tenant"
          hint="The name of your team or company."
          error={errors.tenant_name?.message}
        >
          <Input autoComplete="organization" {...form.register("tenant_name")} />
        </Field>
      </AuthForm>
    </RegistrationFrame>
  );
}

export const REGISTRATION = {
  title: "Create your account",
  description: "You become the admin of a new tenant, the workspace of your team.",
};

export function RegistrationFrame(props: { children: ReactNode; footer: ReactNode }) {
  return <AuthFrame {...REGISTRATION} {...props} />;
}
