"use client";

/** Asking for a link to set a new password. */
import Link from "next/link";
import { api } from "@/lib/api/client";
import { linkClass } from "../frame";
import { MailRequest } from "../mail-request";

export function ForgotPasswordView() {
  return (
    <MailRequest
      title="Set a new password"
      description="We mail you a link for it."
      send={(body) => api.POST("/api/v1/auth/forgot-password", { body })}
      sent={(email) =>
        `If there is an account of ${email}, a link to set a new password is on its way. It is good for an hour.`
      }
      footer={
        <Link href="/login/" prefetch={false} className={linkClass}>
          Back to sign in
        </Link>
      }
    />
  );
}
