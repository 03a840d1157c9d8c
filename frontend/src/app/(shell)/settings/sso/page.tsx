/** /settings/sso/ */
import type { Metadata } from "next";
import { SsoView } from "@/features/sso";

export const metadata: Metadata = { title: "Single sign-on" };

export default function SsoPage() {
  return <SsoView />;
}
