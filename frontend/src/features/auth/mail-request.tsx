"use client";

/** A page that asks for an e-mail address, has something mailed there, and then says so. */
import { zodResolver } from "@hookform/resolvers/zod";
import { useState, type ReactNode } from "react";
import { useForm } from "react-hook-form";
import * as z from "zod";
import { Button } from "@/components/button";
import { Field } from "@/components/field";
import { Input } from "@/components/input";
import { mailAddress } from "@/lib/mail-address";
import { useSave } from "@/lib/api/use-save";
import { AuthForm } from "./form";
import { AuthFrame } from "./frame";

type MailRequestProps = {
  title: string;
  description: string;
  /** Has it mailed. */
  send: (body: { email: string }) => Promise<unknown>;
  /** What is on its way. It must not tell whether the address has an account. */
  sent: (email: string) => string;
  footer: ReactNode;
};

const schema = z.object({ email: mailAddress });

export function MailRequest({ title, description, send, sent, footer }: MailRequestProps) {
  const [address, setAddress] = useState<string | null>(null);
  const form = useForm({ resolver: zodResolver(schema), defaultValues: { email: "" } });
  const { errors } = form.formState;
  const save = useSave(form, async (body) => {
    await send(body);
    setAddress(body.email);
  });
  if (address) {
    return (
      <AuthFrame title="Check your mail" description={sent(address)} footer={footer}>
        <Button onClick={() => setAddress(null)}>Try another address</Button>
      </AuthFrame>
    );
  }
  return (
    <AuthFrame title={title} description={description} footer={footer}>
      <AuthForm form={{ ...save, done: false }} verb="Mail me a link">
        <Field label="E-mail" error={errors.email?.message}>
          <Input type="email" autoComplete="username" autoFocus {...form.register("email")} />
        </Field>
      </AuthForm>
    </AuthFrame>
  );
}
