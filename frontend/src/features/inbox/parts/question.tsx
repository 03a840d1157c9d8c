"use client";

/** One question: what is asked, by which execution, until when; and its answer, or the form for it. */
import { CircleCheck, CircleX, Clock, Mail } from "lucide-react";
import Link from "next/link";
import { Badge } from "@/components/badge";
import { JsonView } from "@/components/json-view";
import { Markdown } from "@/components/markdown";
import { RelativeTime } from "@/components/relative-time";
import { executionHref } from "@/features/executions";
import { toast } from "@/components/toast";
import { useAnswer, type Answer, type Approval } from "../api";
import { AnswerForm } from "./answer-form";

type QuestionProps = {
  approval: Approval;
  /** Why this person cannot answer; null when they can. */
  refusal: string | null;
};

export function Question({ approval, refusal }: QuestionProps) {
  const { id, title, details, due_at, asked_at, answer, closed_at } = approval;
  const open = answer === null && closed_at === null;
  return (
    <li>
      <article aria-labelledby={id} className="flex flex-col gap-3 border-b px-4 py-4">
        <header>
          <h2 id={id} className="text-base font-semibold break-words">
            {title}
          </h2>
          <p className="mt-0.5 flex flex-wrap items-center gap-x-3 text-xs text-muted">
            <Link
              href={executionHref(approval.execution_id)}
              prefetch={false}
              className="text-accent-text underline underline-offset-2"
            >
              {approval.flow_name ?? "An execution without a flow"}
            </Link>
            <span>
              Asked <RelativeTime time={asked_at} />
            </span>
            {open && due_at && (
              <span className="text-waiting">
                Due <RelativeTime ahead time={due_at} />
              </span>
            )}
            {approval.role === "admin" && <Badge>Admins only</Badge>}
          </p>
          {approval.mailed.length > 0 && <Mailed mails={approval.mailed} />}
        </header>
        {details && <Markdown text={details} />}
        {answer && <Given answer={answer} at={approval.answered_at} />}
        {!answer && closed_at && (
          <p className="flex items-center gap-2 text-muted">
            <Clock aria-hidden className="size-4" />
            Closed without an answer <RelativeTime time={closed_at} />
          </p>
        )}
        {open &&
          (refusal ? <p className="text-muted">{refusal}</p> : <AnswerHere approval={approval} />)}
      </article>
    </li>
  );
}

/** Whom the question was mailed to, and whether it reached them. */
function Mailed({ mails }: { mails: Approval["mailed"] }) {
  return (
    <ul aria-label="Mailed to" className="mt-1 flex flex-wrap gap-x-3 text-xs text-muted">
      <li aria-hidden className="flex items-center gap-1">
        <Mail className="size-3.5" />
        Mailed to
      </li>
      {mails.map(({ email, status, escalated }) => (
        <li key={email} className="flex flex-wrap gap-x-1 break-all">
          {email}
          {escalated && <span>(escalated)</span>}
          {status === "pending" && <span>(not sent yet)</span>}
          {status === "failed" && <span className="text-failed">(could not be sent)</span>}
        </li>
      ))}
    </ul>
  );
}

function AnswerHere({ approval }: { approval: Approval }) {
  return (
    <AnswerForm
      asked={approval}
      answer={useAnswer(approval.id)}
      onAnswered={(approved) => toast.success(approved ? "Approved" : "Rejected")}
    />
  );
}

function Given({ answer, at }: { answer: Answer; at: string | null }) {
  const { approved, by, comment, values } = answer;
  return (
    <div className="flex flex-col gap-2">
      <p className="flex flex-wrap items-center gap-2">
        <Badge tone={approved ? "completed" : "failed"}>
          {approved ? <CircleCheck aria-hidden /> : <CircleX aria-hidden />}
          {approved ? "Approved" : "Rejected"}
        </Badge>
        <span className="text-muted">
          {by && `by ${by} `}
          <RelativeTime time={at} />
        </span>
      </p>
      {comment && <p className="break-words whitespace-pre-wrap">{comment}</p>}
      {Object.keys(values ?? {}).length > 0 && <JsonView value={values} />}
    </div>
  );
}
