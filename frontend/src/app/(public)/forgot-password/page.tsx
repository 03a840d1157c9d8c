/** /forgot-password/ */
import type { Metadata } from "next";
import { ForgotPasswordView } from "@/features/auth";

export const metadata: Metadata = { title: "Set a new password" };

export default function ForgotPasswordPage() {
  return <ForgotPasswordView />;
}
