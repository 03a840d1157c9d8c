"use client";

/** Asking for a link to set a new password. */
import { zodResolver } from "@hookform/resolvers/zod";
import Link from "next/link";
import { useState } from "react";
import { useForm } from "react-hook-form";
import { z } from "zod";
import { Button } from "@/components/button";
import { Field } from "@/components/field";
import { Input } from "@/components/input";
import { api } from "@/lib/api/client";
import { mailAddress } from "@/lib/mail-address";
import { useSave } from "@/lib/api/use-save";
import { AuthForm } from "../form";
import { AuthFrame, linkClass } from "../frame";

const schema = z.object({ email: mailAddress });

export function ForgotPasswordView() {
  const [sent, setSent] = useState<string | null>(null);
  const form = useForm({ resolver: zodResolver(schema), defaultValues: { email: "" } });
  const { errors } = form.formState;
  const save = useSave(form, async (body) => {
    await api.POST("/api/v1/auth/forgot-password", { body });
    setSent(body.email);
  });
  const back = (
    <Link href="/login/" className={linkClass}>
      Back to sign in
    </Link>
  );
  if (sent) {
    return (
      <AuthFrame
        title="Look into your mail"
        description={`If there is an account of ${sent}, a link to set a new password is on its way. It is good for an hour.`}
        footer={back}
      >
        <Button onClick={() => setSent(null)}>Try another address</Button>
      </AuthFrame>
    );
  }
  return (
    <AuthFrame title="Set a new password" description="We mail you a link for it." footer={back}>
      <AuthForm form={{ ...save, done: false }} verb="Mail me a link">
        <Field label="E-mail" error={errors.email?.message}>
          <Input type="email" autoComplete="username" autoFocus {...form.register("email")} />
        </Field>
      </AuthForm>
    </AuthFrame>
  );
}
