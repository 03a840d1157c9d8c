/** /crews/ */
import type { Metadata } from "next";
import { CrewsView } from "@/features/crews";

export const metadata: Metadata = { title: "Crews" };

export default function CrewsPage() {
  return <CrewsView />;
}
