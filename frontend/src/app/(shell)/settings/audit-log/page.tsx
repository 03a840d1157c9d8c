/** /settings/audit-log/ */
import type { Metadata } from "next";
import { AuditLogView } from "@/features/audit";

export const metadata: Metadata = { title: "Audit log" };

export default function AuditLogPage() {
  return <AuditLogView />;
}
