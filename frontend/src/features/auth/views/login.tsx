"use client";

/** Sign in with e-mail and password. */
import { zodResolver } from "@hookform/resolvers/zod";
import { Building2 } from "lucide-react";
import Link from "next/link";
import { useSearchParams } from "next/navigation";
import { useForm, useWatch } from "react-hook-form";
import { z } from "zod";
import { Button } from "@/components/button";
import { Field } from "@/components/field";
import { Input } from "@/components/input";
import { SecretInput } from "@/components/secret-input";
import { api } from "@/lib/api/client";
import { mailAddress } from "@/lib/mail-address";
import { useSave } from "@/lib/api/use-save";
import { companyProblem, useCompanySignIn } from "../company";
import { AuthForm } from "../form";
import { AuthFrame, linkClass } from "../frame";
import { safeNext } from "../session";

const schema = z.object({
  email: mailAddress,
  password: z.string().min(1, "Enter your password."),
});

export function LoginView() {
  const params = useSearchParams();
  const next = params.get("next");
  const form = useForm({
    resolver: zodResolver(schema),
    defaultValues: { email: "", password: "" },
  });
  const { errors } = form.formState;
  const company = useCompanySignIn(useWatch({ control: form.control, name: "email" }));

  const save = useSave(form, async (body) => {
    await api.POST("/api/v1/auth/login", { body });
    window.location.assign(safeNext(next));
  });
  const query = next ? `?next=${encodeURIComponent(next)}` : "";
  return (
    <AuthFrame
      title="Sign in to Watchbill"
      description="Draw, run and watch your team’s crews."
      footer={
        <>
          New here?{" "}
          <Link href={`/register/${query}`} className={linkClass}>
            Create an account
          </Link>
          <span className="mt-3 block">
            <Link href="/forgot-password/" className={`${linkClass} inline-block py-1`}>
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
              <a href={`${company}&next=${encodeURIComponent(safeNext(next))}`}>
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
