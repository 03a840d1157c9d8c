"use client";

/** What somebody sees who signs in and belongs to no tenant any more: one of their own, or an invitation. */
import { zodResolver } from "@hookform/resolvers/zod";
import { useForm } from "react-hook-form";
import * as z from "zod";
import { Field } from "@/components/field";
import { Input } from "@/components/input";
import { api, type Schema } from "@/lib/api/client";
import { ApiError } from "@/lib/api/error";
import { leaveFor } from "@/lib/api/transport";
import { useSave } from "@/lib/api/use-save";
import { AuthForm } from "./form";
import { AuthFrame, linkClass } from "./frame";
import { tenantNameRule } from "./tenant-name";

type NoTenantProps = {
  /** What they signed in with. */
  account: Pick<Schema<"Login">, "email" | "password">;
  onBack: () => void;
};

const schema = z.object({ tenant_name: tenantNameRule });

export function NoTenant({ account, onBack }: NoTenantProps) {
  const form = useForm({ resolver: zodResolver(schema), defaultValues: { tenant_name: "" } });
  const { errors } = form.formState;
  const save = useSave(form, async ({ tenant_name }) => {
    try {
      await api.POST("/api/v1/auth/register", { body: { ...account, tenant_name } });
    } catch (error) {
      if (!(error instanceof ApiError && error.code === "email_taken")) throw error;
      // They belong somewhere by now, through an invitation or another window.
      await api.POST("/api/v1/auth/login", { body: account });
    }
    // Not to where they came from: that was a page of a tenant they have left.
    leaveFor("/");
  });
  return (
    <AuthFrame
      title="You are not in a tenant"
      description={`Your account ${account.email} still exists. Create a tenant, or ask an admin to invite you.`}
      footer={
        <button type="button" className={linkClass} onClick={onBack}>
          Sign in with another account
        </button>
      }
    >
      <AuthForm form={save} verb="Create tenant">
        <Field
          label="Tenant"
          hint="The name of your team or company."
          error={errors.tenant_name?.message}
        >
          <Input autoComplete="organization" autoFocus {...form.register("tenant_name")} />
        </Field>
      </AuthForm>
    </AuthFrame>
  );
}
