"use client";

/** Accepting an invitation: as somebody new, or with the account one has. */
import { zodResolver } from "@hookform/resolvers/zod";
import { useMutation, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useState, type ReactNode } from "react";
import { useForm } from "react-hook-form";
import * as z from "zod/mini";
import { Button } from "@/components/button";
import { ErrorState } from "@/components/error-state";
import { Field } from "@/components/field";
import { FormError } from "@/components/form-error";
import { Input } from "@/components/input";
import { SecretInput } from "@/components/secret-input";
import { Spinner } from "@/components/spinner";
import { api, type Schema } from "@/lib/api/client";
import { ApiError } from "@/lib/api/error";
import { useSave } from "@/lib/api/use-save";
import { leaveFor } from "@/lib/api/transport";
import { AuthForm } from "../form";
import { AuthFrame, linkClass } from "../frame";
import { useMailedToken } from "../mailed-token";
import { passwordRule } from "../password";
import { PASSWORD_HINT } from "../password-hint";
import { useSession } from "../session";

export function InvitationView() {
  const token = useMailedToken();
  const { data, error, refetch } = useQuery({
    queryKey: ["invitation", token],
    enabled: token !== undefined,
    queryFn: async () => {
      const { data } = await api.POST("/api/v1/auth/invitation", { body: { token: token ?? "" } });
      if (!data) throw new Error("The server sent an empty invitation.");
      return data;
    },
  });
  if (data && token) return <Invited token={token} invitation={data} />;
  if (!error) return <Waiting />;
  return (
    <main className="flex min-h-screen flex-col items-center justify-center">
      <ErrorState
        error={error}
        title="This invitation cannot be accepted"
        onRetry={() => void refetch()}
        className="pb-4"
      />
      <Link href="/login/" prefetch={false} className={linkClass}>
        Sign in
      </Link>
    </main>
  );
}

type Invitation = Schema<"InvitationDetails">;
type InvitedProps = { token: string; invitation: Invitation };

/** Whoever is signed in with the invited address accepts with one click, unless a company's account let them in. */
function Invited(props: InvitedProps) {
  const { invitation } = props;
  const { data: session, isPending } = useSession();
  const [asked, setAsked] = useState(false);
  if (invitation.has_account && isPending) return <Waiting />;
  const mine = session?.user.email === invitation.email;
  if (!mine || asked) return <AcceptWithPassword {...props} />;
  return <AcceptSignedIn {...props} onAsked={() => setAsked(true)} />;
}

async function accept(body: Schema<"Acceptance">) {
  await api.POST("/api/v1/auth/invitation/accept", { body });
}

function InvitedFrame({ invitation, children }: { invitation: Invitation; children: ReactNode }) {
  const { tenant_name, invited_by, has_account } = invitation;
  return (
    <AuthFrame
      title={`Join ${tenant_name}`}
      description={`${invited_by ?? "Somebody"} invites ${invitation.email}.`}
      footer={
        has_account && (
          <Link href="/forgot-password/" prefetch={false} className={linkClass}>
            I forgot my password
          </Link>
        )
      }
    >
      {children}
    </AuthFrame>
  );
}

function AcceptSignedIn({ token, invitation, onAsked }: InvitedProps & { onAsked: () => void }) {
  const join = useMutation({
    mutationFn: () => accept({ token }),
    onSuccess: () => leaveFor("/"),
    onError: (error) => {
      if (error instanceof ApiError && error.code === "sign_in_to_accept") onAsked();
    },
  });
  return (
    <InvitedFrame invitation={invitation}>
      <div className="flex flex-col gap-4">
        <FormError message={join.error?.message} />
        <Button
          variant="primary"
          loading={join.isPending || join.isSuccess}
          onClick={() => join.mutate()}
        >
          Accept invitation
        </Button>
      </div>
    </InvitedFrame>
  );
}

const newcomer = z.object({
  full_name: z.string().check(z.trim(), z.maxLength(200, "Use at most 200 characters.")),
  password: passwordRule,
});
const known = z.extend(newcomer, {
  password: z.string().check(z.minLength(1, "Enter your password.")),
});

function AcceptWithPassword({ token, invitation }: InvitedProps) {
  const { email, has_account } = invitation;
  const form = useForm({
    resolver: zodResolver(has_account ? known : newcomer),
    defaultValues: { full_name: "", password: "" },
  });
  const { errors } = form.formState;
  const save = useSave(form, async ({ full_name, password }) => {
    await accept({ token, password, full_name: full_name || null });
    leaveFor("/");
  });
  return (
    <InvitedFrame invitation={invitation}>
      <AuthForm form={save} verb="Accept invitation">
        <Field label="E-mail">
          <Input type="email" autoComplete="username" value={email} readOnly />
        </Field>
        {!has_account && (
          <Field label="Your name" optional error={errors.full_name?.message}>
            <Input autoComplete="name" autoFocus {...form.register("full_name")} />
          </Field>
        )}
        <Field
          label={has_account ? "Password of your account" : "Password"}
          hint={has_account ? undefined : PASSWORD_HINT}
          error={errors.password?.message}
        >
          <SecretInput
            autoComplete={has_account ? "current-password" : "new-password"}
            {...form.register("password")}
          />
        </Field>
      </AuthForm>
    </InvitedFrame>
  );
}

function Waiting() {
  return (
    <main className="flex min-h-screen items-center justify-center">
      <Spinner label="Loading" className="text-muted" />
    </main>
  );
}
