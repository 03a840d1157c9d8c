"use client";

/** A new password for oneself. */
import { useForm } from "react-hook-form";
import { Button } from "@/components/button";
import { Field } from "@/components/field";
import { FormError } from "@/components/form-error";
import { SecretInput } from "@/components/secret-input";
import { toast } from "@/components/toast";
import { PASSWORD_HINT } from "@/features/auth";
import { useSave } from "@/lib/api/use-save";
import { lateRules } from "@/lib/late-rules";
import { useChangePassword } from "../api";

const resolver = lateRules(() => import("../profile-rules").then((it) => it.passwordRules));

const empty = { current_password: "", new_password: "" };

export function PasswordForm({ email }: { email: string }) {
  const change = useChangePassword();
  const form = useForm({ resolver, defaultValues: empty });
  const { errors } = form.formState;
  const save = useSave(form, async (body) => {
    await change.mutateAsync(body);
    form.reset(empty);
    toast.success("Password changed", { description: "Your other sessions have ended." });
  });
  return (
    <form
      noValidate
      method="post"
      onSubmit={save.onSubmit}
      className="flex max-w-80 flex-col gap-3"
    >
      {/* So that password managers know whose it is. */}
      <input type="hidden" autoComplete="username" name="username" value={email} readOnly />
      <Field label="Current password" error={errors.current_password?.message}>
        <SecretInput autoComplete="current-password" {...form.register("current_password")} />
      </Field>
      <Field label="New password" hint={PASSWORD_HINT} error={errors.new_password?.message}>
        <SecretInput autoComplete="new-password" {...form.register("new_password")} />
      </Field>
      <FormError message={save.problem} />
      <Button type="submit" className="self-start" loading={save.saving}>
        Change password
      </Button>
    </form>
  );
}
