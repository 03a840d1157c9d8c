/** /verify-email/ */
import type { Metadata } from "next";
import { VerifyEmailView } from "@/features/auth";

export const metadata: Metadata = { title: "Confirm your e-mail address" };

export default function VerifyEmailPage() {
  return <VerifyEmailView />;
}
