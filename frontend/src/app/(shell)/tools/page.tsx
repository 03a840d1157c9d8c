/** /tools/ */
import type { Metadata } from "next";
import { ToolsView } from "@/features/tools";

export const metadata: Metadata = { title: "Tools" };

export default function ToolsPage() {
  return <ToolsView />;
}
