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
        `If ${email} has an account, we mailed a link to set a new password. The link works for an hour.`
      }
      footer={
        <Link href="/login/" prefetch={false} className={linkClass}>
          Back to sign in
        </Link>
      }
    />
  );
}
