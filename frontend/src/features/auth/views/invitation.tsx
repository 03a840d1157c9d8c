"use client";

/** Accepting an invitation: as somebody new, or with the account one has. */
import { zodResolver } from "@hookform/resolvers/zod";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useForm } from "react-hook-form";
import { z } from "zod";
import { Button } from "@/components/button";
import { ErrorState } from "@/components/error-state";
import { Field } from "@/components/field";
import { FormError } from "@/components/form-error";
import { Input } from "@/components/input";
import { SecretInput } from "@/components/secret-input";
import { Spinner } from "@/components/spinner";
import { api, type Schema } from "@/lib/api/client";
import { setFormErrors } from "@/lib/api/form";
import { leaveFor } from "@/lib/api/transport";
import { AuthFrame, linkClass } from "../frame";
import { useMailedToken } from "../mailed-token";
import { PASSWORD_HINT, passwordRule } from "../password";

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
  return (
    <main className="flex min-h-screen items-center justify-center">
      {error ? (
        <ErrorState
          error={error}
          title="This invitation cannot be accepted"
          onRetry={() => void refetch()}
        />
      ) : (
        <Spinner label="Loading" className="text-muted" />
      )}
    </main>
  );
}

type Invitation = Schema<"InvitationDetails">;

const newcomer = z.object({
  full_name: z.string().trim().max(200, "Use at most 200 characters."),
  password: passwordRule,
});
const known = newcomer.extend({ password: z.string().min(1, "Enter your password.") });

function Invited({ token, invitation }: { token: string; invitation: Invitation }) {
  const { email, tenant_name, invited_by, has_account } = invitation;
  const form = useForm({
    resolver: zodResolver(has_account ? known : newcomer),
    defaultValues: { full_name: "", password: "" },
  });
  const { errors, isSubmitting, isSubmitSuccessful } = form.formState;
  const submit = form.handleSubmit(async ({ full_name, password }) => {
    try {
      const body = { token, password, full_name: full_name || null };
      await api.POST("/api/v1/auth/invitation/accept", { body });
    } catch (error) {
      return setFormErrors(form, error);
    }
    leaveFor("/");
  });
  return (
    <AuthFrame
      title={`Join ${tenant_name}`}
      description={`${invited_by ?? "Somebody"} invites you${has_account ? ". Accept with the password of your account" : ""}.`}
      footer={
        has_account && (
          <Link href="/forgot-password/" className={linkClass}>
            I forgot my password
          </Link>
        )
      }
    >
      <form noValidate method="post" onSubmit={submit} className="flex flex-col gap-4">
        <Field label="E-mail">
          <Input type="email" autoComplete="username" value={email} readOnly />
        </Field>
        {!has_account && (
          <Field label="Your name" optional error={errors.full_name?.message}>
            <Input autoComplete="name" autoFocus {...form.register("full_name")} />
          </Field>
        )}
        <Field
          label="Password"
          hint={has_account ? undefined : PASSWORD_HINT}
          error={errors.password?.message}
        >
          <SecretInput
            autoComplete={has_account ? "current-password" : "new-password"}
            {...form.register("password")}
          />
        </Field>
        <FormError message={errors.root?.message} />
        <Button
          type="submit"
          variant="primary"
          loading={isSubmitting || (isSubmitSuccessful && !errors.root)}
        >
          Accept invitation
        </Button>
      </form>
    </AuthFrame>
  );
}
