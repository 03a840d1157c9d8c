"use client";

/** Setting a new password by a mailed link. */
import { zodResolver } from "@hookform/resolvers/zod";
import Link from "next/link";
import { useForm } from "react-hook-form";
import * as z from "zod/mini";
import { Field } from "@/components/field";
import { SecretInput } from "@/components/secret-input";
import { api } from "@/lib/api/client";
import { useSave } from "@/lib/api/use-save";
import { leaveFor } from "@/lib/api/transport";
import { AuthForm } from "../form";
import { AuthFrame, linkClass } from "../frame";
import { useMailedToken } from "../mailed-token";
import { passwordRule } from "../password";
import { PASSWORD_HINT } from "../password-hint";

const schema = z.object({ password: passwordRule });

export function ResetPasswordView() {
  const token = useMailedToken();
  const form = useForm({ resolver: zodResolver(schema), defaultValues: { password: "" } });
  const { errors } = form.formState;
  const save = useSave(form, async ({ password }) => {
    await api.POST("/api/v1/auth/reset-password", { body: { token: token ?? "", password } });
    leaveFor("/login/");
  });
  return (
    <AuthFrame
      title="Set a new password"
      description="This signs you out on every device. Then sign in with the new password."
      footer={
        <Link href="/forgot-password/" prefetch={false} className={linkClass}>
          Mail me another link
        </Link>
      }
    >
      <AuthForm form={save} verb="Set password">
        <Field label="New password" hint={PASSWORD_HINT} error={errors.password?.message}>
          <SecretInput autoComplete="new-password" autoFocus {...form.register("password")} />
        </Field>
      </AuthForm>
    </AuthFrame>
  );
}
