/** /executions/: every execution, newest first. */
import type { Metadata } from "next";
import { ExecutionsView } from "@/features/executions";

export const metadata: Metadata = { title: "Executions" };

export default function ExecutionsPage() {
  return <ExecutionsView />;
}
