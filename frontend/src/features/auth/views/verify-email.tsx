"use client";

/** Proving by a mailed link that an e-mail address is one's own. */
import Link from "next/link";
import { useMutation } from "@tanstack/react-query";
import { Button } from "@/components/button";
import { FormError } from "@/components/form-error";
import { api } from "@/lib/api/client";
import { AuthFrame, linkClass } from "../frame";
import { useMailedToken } from "../mailed-token";

export function VerifyEmailView() {
  const token = useMailedToken();
  const verify = useMutation({
    mutationFn: (value: string) =>
      api.POST("/api/v1/auth/verify-email", { body: { token: value } }),
  });
  const home = (
    <Link href="/" className={linkClass}>
      Go to Watchbill
    </Link>
  );
  if (verify.isSuccess) {
    return (
      <AuthFrame title="Thank you" description="Your e-mail address is confirmed." footer={home}>
        {null}
      </AuthFrame>
    );
  }
  return (
    <AuthFrame
      title="Confirm your e-mail address"
      description="Confirm that this address is yours to start using Watchbill."
      footer={home}
    >
      {/* A button, as programs that look into mails open links by themselves. */}
      <div className="flex flex-col gap-4">
        <FormError message={verify.error?.message} />
        <Button
          variant="primary"
          loading={verify.isPending}
          onClick={() => verify.mutate(token ?? "")}
        >
          Confirm address
        </Button>
      </div>
    </AuthFrame>
  );
}
