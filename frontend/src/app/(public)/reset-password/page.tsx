/** /reset-password/ */
import type { Metadata } from "next";
import { ResetPasswordView } from "@/features/auth";

export const metadata: Metadata = { title: "New password" };

export default function ResetPasswordPage() {
  return <ResetPasswordView />;
}
