/** /settings/members/ */
import type { Metadata } from "next";
import { MembersView } from "@/features/settings";

export const metadata: Metadata = { title: "Members" };

export default function MembersPage() {
  return <MembersView />;
}
