"use client";

/** Create an account together with its first tenant. */
import { zodResolver } from "@hookform/resolvers/zod";
import Link from "next/link";
import { useSearchParams } from "next/navigation";
import { useForm } from "react-hook-form";
import { z } from "zod";
import { Field } from "@/components/field";
import { Input } from "@/components/input";
import { SecretInput } from "@/components/secret-input";
import { api } from "@/lib/api/client";
import { mailAddress } from "@/lib/mail-address";
import { useSave } from "@/lib/api/use-save";
import { AuthForm } from "../form";
import { AuthFrame, linkClass } from "../frame";
import { PASSWORD_HINT, passwordRule } from "../password";
import { safeNext } from "../session";
import { tenantNameRule } from "../tenant-name";

const schema = z.object({
  full_name: z.string().trim(),
  email: mailAddress,
  password: passwordRule,
  tenant_name: tenantNameRule,
});

export function RegisterView() {
  const next = useSearchParams().get("next");
  const form = useForm({
    resolver: zodResolver(schema),
    defaultValues: { full_name: "", email: "", password: "", tenant_name: "" },
  });
  const { errors } = form.formState;
  const save = useSave(form, async ({ full_name, ...rest }) => {
    const body = full_name ? { ...rest, full_name } : rest;
    await api.POST("/api/v1/auth/register", { body });
    window.location.assign(safeNext(next));
  });
  const query = next ? `?next=${encodeURIComponent(next)}` : "";
  return (
    <AuthFrame
      title="Create your account"
      description="You become the admin of a new tenant: the place of your team."
      footer={
        <>
          Already have an account?{" "}
          <Link href={`/login/${query}`} className={linkClass}>
            Sign in
          </Link>
        </>
      }
    >
      <AuthForm form={save} verb="Create account">
        <Field label="Your name" optional error={errors.full_name?.message}>
          <Input autoComplete="name" autoFocus {...form.register("full_name")} />
        </Field>
        <Field label="E-mail" error={errors.email?.message}>
          <Input type="email" autoComplete="username" {...form.register("email")} />
        </Field>
        <Field label="Password" hint={PASSWORD_HINT} error={errors.password?.message}>
          <SecretInput autoComplete="new-password" {...form.register("password")} />
        </Field>
        <Field
          label="Tenant"
          hint="Your team or company; flows and agents live here."
          error={errors.tenant_name?.message}
        >
          <Input autoComplete="organization" {...form.register("tenant_name")} />
        </Field>
      </AuthForm>
    </AuthFrame>
  );
}
