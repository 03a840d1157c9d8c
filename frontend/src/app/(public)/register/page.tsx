/** /register */
import type { Metadata } from "next";
import { Suspense } from "react";
import { RegisterView } from "@/features/auth";

export const metadata: Metadata = { title: "Create an account" };

export default function RegisterPage() {
  return (
    <Suspense>
      <RegisterView />
    </Suspense>
  );
}
