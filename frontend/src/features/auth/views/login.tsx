"use client";

/** Sign in with e-mail and password. */
import { zodResolver } from "@hookform/resolvers/zod";
import { Building2 } from "lucide-react";
import Link from "next/link";
import { useSearchParams } from "next/navigation";
import { useState } from "react";
import { useForm, useWatch } from "react-hook-form";
import * as z from "zod/mini";
import { Button } from "@/components/button";
import { Field } from "@/components/field";
import { Input } from "@/components/input";
import { SecretInput } from "@/components/secret-input";
import { api } from "@/lib/api/client";
import { ApiError } from "@/lib/api/error";
import { useSave } from "@/lib/api/use-save";
import { mailAddress } from "@/lib/mail-address";
import { safePath } from "@/lib/safe-path";
import { companyProblem, useCompanySignIn } from "../company";
import { AuthForm } from "../form";
import { AuthFrame, linkClass } from "../frame";
import { NoTenant } from "../no-tenant";

const schema = z.object({
  email: mailAddress,
  password: z.string().check(z.minLength(1, "Enter your password.")),
});

export function LoginView() {
  const params = useSearchParams();
  const next = params.get("next");
  const form = useForm({
    resolver: zodResolver(schema),
    defaultValues: { email: "", password: "" },
  });
  const { errors } = form.formState;
  // Who belongs to no tenant any more, once they have shown that the account is theirs.
  const [lost, setLost] = useState<z.infer<typeof schema> | null>(null);
  const company = useCompanySignIn(useWatch({ control: form.control, name: "email" }));

  const save = useSave(form, async (body) => {
    try {
      await api.POST("/api/v1/auth/login", { body });
    } catch (error) {
      if (!(error instanceof ApiError && error.code === "no_tenant")) throw error;
      setLost(body);
      return;
    }
    window.location.assign(safePath(next));
  });
  if (lost) {
    const back = () => {
      form.reset();
      setLost(null);
    };
    return <NoTenant account={lost} onBack={back} />;
  }
  const query = next ? `?next=${encodeURIComponent(next)}` : "";
  return (
    <AuthFrame
      title="Sign in to Watchbill"
      description="Draw, run and watch your team’s crews."
      footer={
        <>
          New here?{" "}
          <Link href={`/register/${query}`} prefetch={false} className={linkClass}>
            Create an account
          </Link>
          <span className="mt-3 block">
            <Link
              href="/forgot-password/"
              prefetch={false}
              className={`${linkClass} inline-block py-1`}
            >
              I forgot my password
            </Link>
          </span>
        </>
      }
    >
      <AuthForm
        form={{ ...save, problem: save.problem ?? companyProblem(params.get("problem")) }}
        verb="Sign in"
        after={
          company && (
            <Button asChild>
              <a href={`${company}&next=${encodeURIComponent(safePath(next))}`}>
                <Building2 aria-hidden />
                Sign in with your company’s account
              </a>
            </Button>
          )
        }
      >
        <Field label="E-mail" error={errors.email?.message}>
          <Input type="email" autoComplete="username" autoFocus {...form.register("email")} />
        </Field>
        <Field label="Password" error={errors.password?.message}>
          <SecretInput autoComplete="current-password" {...form.register("password")} />
        </Field>
      </AuthForm>
    </AuthFrame>
  );
}
