/** /inbox/ */
import type { Metadata } from "next";
import { InboxView } from "@/features/inbox";

export const metadata: Metadata = { title: "Inbox" };

export default function InboxPage() {
  return <InboxView />;
}
