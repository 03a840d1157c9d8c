/** /settings/tenant/ */
import type { Metadata } from "next";
import { TenantView } from "@/features/tenant";

export const metadata: Metadata = { title: "Tenant" };

export default function TenantPage() {
  return <TenantView />;
}
