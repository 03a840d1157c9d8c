/** /flows/ */
import type { Metadata } from "next";
import { FlowsView } from "@/features/flows";

export const metadata: Metadata = { title: "Flows" };

export default function FlowsPage() {
  return <FlowsView />;
}
