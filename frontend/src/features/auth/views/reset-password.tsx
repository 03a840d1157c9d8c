"use client";

/** Setting a new password by a mailed link. */
import { zodResolver } from "@hookform/resolvers/zod";
import Link from "next/link";
import { useForm } from "react-hook-form";
import { z } from "zod";
import { Button } from "@/components/button";
import { Field } from "@/components/field";
import { FormError } from "@/components/form-error";
import { SecretInput } from "@/components/secret-input";
import { api } from "@/lib/api/client";
import { setFormErrors } from "@/lib/api/form";
import { leaveFor } from "@/lib/api/transport";
import { AuthFrame, linkClass } from "../frame";
import { useMailedToken } from "../mailed-token";
import { PASSWORD_HINT, passwordRule } from "../password";

const schema = z.object({ password: passwordRule });

export function ResetPasswordView() {
  const token = useMailedToken();
  const form = useForm({ resolver: zodResolver(schema), defaultValues: { password: "" } });
  const { errors, isSubmitting, isSubmitSuccessful } = form.formState;
  const submit = form.handleSubmit(async ({ password }) => {
    try {
      await api.POST("/api/v1/auth/reset-password", { body: { token: token ?? "", password } });
    } catch (error) {
      return setFormErrors(form, error);
    }
    leaveFor("/login/");
  });
  return (
    <AuthFrame
      title="Set a new password"
      description="You are signed out everywhere, and sign in with the new one."
      footer={
        <Link href="/forgot-password/" className={linkClass}>
          Mail me another link
        </Link>
      }
    >
      <form noValidate method="post" onSubmit={submit} className="flex flex-col gap-4">
        <Field label="New password" hint={PASSWORD_HINT} error={errors.password?.message}>
          <SecretInput autoComplete="new-password" autoFocus {...form.register("password")} />
        </Field>
        <FormError message={errors.root?.message} />
        <Button
          type="submit"
          variant="primary"
          loading={isSubmitting || (isSubmitSuccessful && !errors.root)}
        >
          Set password
        </Button>
      </form>
    </AuthFrame>
  );
}
