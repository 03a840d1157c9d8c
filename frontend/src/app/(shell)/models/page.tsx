/** /models/ */
import type { Metadata } from "next";
import { ModelsView } from "@/features/providers";

export const metadata: Metadata = { title: "Models" };

export default function ModelsPage() {
  return <ModelsView />;
}
