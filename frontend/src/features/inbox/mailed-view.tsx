"use client";

/** Answering a question by the link in a mail, without signing in. */
import Link from "next/link";
import { ErrorState } from "@/components/error-state";
import { Markdown } from "@/components/markdown";
import { RelativeTime } from "@/components/relative-time";
import { Spinner } from "@/components/spinner";
import { AuthFrame, linkClass, useMailedToken } from "@/features/auth";
import { toApiError } from "@/lib/api/error";
import { useMailedAnswer, useMailedApproval, type MailedApproval } from "./api";
import { AnswerForm } from "./parts/answer-form";

/** What the page is called when there is nothing to answer any more, by the refusal's code. */
const ends: Record<string, string> = {
  approval_closed: "This question is closed",
  approval_not_found: "This question no longer exists",
  link_expired: "This link has expired",
  link_invalid: "This link does not work",
  access_ended: "You can no longer answer this question",
  role_required: "You can no longer answer this question",
  tenant_suspended: "This tenant is suspended",
};

export function MailedAnswerView() {
  const token = useMailedToken();
  const { data, error, refetch } = useMailedApproval(token);
  if (data && token) return <Asked token={token} asked={data} />;
  if (error && ends[toApiError(error).code]) return <Ended error={error} />;
  return (
    <main className="flex min-h-screen items-center justify-center">
      {error ? (
        <ErrorState
          error={error}
          title="The question could not be loaded"
          onRetry={() => void refetch()}
        />
      ) : (
        <Spinner label="Loading" className="text-muted" />
      )}
    </main>
  );
}

function Asked({ token, asked }: { token: string; asked: MailedApproval }) {
  const answer = useMailedAnswer(token);
  if (answer.isSuccess) {
    return (
      <AuthFrame
        title="Thank you"
        description={`You ${answer.variables.approved ? "approved" : "rejected"} “${asked.title}”. The execution continues.`}
        footer={<ToInbox />}
      >
        {null}
      </AuthFrame>
    );
  }
  if (answer.error && ends[toApiError(answer.error).code]) return <Ended error={answer.error} />;
  return (
    <AuthFrame
      wide
      title={asked.title}
      description={
        <>
          {asked.flow_name ?? "An execution without a flow"} asked{" "}
          <RelativeTime time={asked.asked_at} />. You answer as {asked.email}.
          {asked.due_at && (
            <span className="ml-2 text-waiting">
              Due <RelativeTime ahead time={asked.due_at} />
            </span>
          )}
        </>
      }
      footer={<ToInbox />}
    >
      <div className="flex flex-col gap-5">
        {asked.details && <Markdown text={asked.details} />}
        <AnswerForm asked={asked} answer={answer} />
      </div>
    </AuthFrame>
  );
}

function Ended({ error }: { error: unknown }) {
  const problem = toApiError(error);
  return (
    <AuthFrame
      title={ends[problem.code] ?? problem.title}
      description={problem.detail}
      footer={<ToInbox />}
    >
      {null}
    </AuthFrame>
  );
}

function ToInbox() {
  return (
    <Link href="/inbox/" prefetch={false} className={linkClass}>
      Open the inbox
    </Link>
  );
}
