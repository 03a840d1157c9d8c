/** /settings/sessions/ */
import type { Metadata } from "next";
import { SessionsView } from "@/features/settings";

export const metadata: Metadata = { title: "Sessions" };

export default function SessionsPage() {
  return <SessionsView />;
}
