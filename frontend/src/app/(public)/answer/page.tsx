/** /answer/ */
import type { Metadata } from "next";
import { MailedAnswerView } from "@/features/inbox";

export const metadata: Metadata = { title: "Answer a question" };

export default function AnswerPage() {
  return <MailedAnswerView />;
}
