/** /agents/ */
import type { Metadata } from "next";
import { AgentsView } from "@/features/agents";

export const metadata: Metadata = { title: "Agents" };

export default function AgentsPage() {
  return <AgentsView />;
}
