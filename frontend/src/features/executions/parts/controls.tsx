"use client";

/** What a person can do with an execution: pause it, let it go on, stop it, or run it again. */
import { CircleStop, Pause, Play } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "@/components/button";
import { toast } from "@/components/toast";
import { useCan } from "@/features/auth";
import { isFinal } from "@/lib/events";
import { useCancelExecution, usePauseExecution, useResumeExecution } from "../api";
import type { LiveExecution } from "../use-live-execution";
import { RunAgain, type RunAgainProps } from "./run-again";

type ControlsProps = { execution: LiveExecution; size?: "sm" | "md" };

export function Controls({
  execution,
  size = "md",
  ...again
}: ControlsProps & Pick<RunAgainProps, "onStarted" | "beforeStart">) {
  const { state, detail } = execution;
  const may = useCan("executions:write");
  const status = state.seq > 0 ? state.status : detail?.status;
  if (!status || !may) return null;
  if (isFinal(status))
    return <RunAgain execution={execution} status={status} size={size} {...again} />;
  return (
    <>
      {detail?.paused || state.paused ? (
        <ResumeButton execution={execution} size={size} />
      ) : (
        <PauseButton execution={execution} size={size} />
      )}
      <CancelButton execution={execution} size={size} />
    </>
  );
}

type ActionProps = Pick<ControlsProps, "size"> & {
  /** What is used of the mutation. */
  action: { isPending: boolean; mutate: (body: undefined, on: Outcomes) => void };
  /** The verb on the button. */
  verb: string;
  icon: ReactNode;
  /** What is said when it is refused. */
  refused: string;
};
type Outcomes = { onError: (error: unknown) => void };

function ActionButton({ size, action, verb, icon, refused }: ActionProps) {
  const onError = (error: unknown) => toast.error(refused, error);
  return (
    <Button
      size={size}
      loading={action.isPending}
      onClick={() => action.mutate(undefined, { onError })}
    >
      {icon}
      {verb}
    </Button>
  );
}

function PauseButton({ execution: { id }, size }: ControlsProps) {
  return (
    <ActionButton
      size={size}
      action={usePauseExecution(id)}
      verb="Pause"
      icon={<Pause aria-hidden />}
      refused="The execution could not be paused"
    />
  );
}

function ResumeButton({ execution: { id }, size }: ControlsProps) {
  return (
    <ActionButton
      size={size}
      action={useResumeExecution(id)}
      verb="Resume"
      icon={<Play aria-hidden />}
      refused="The execution could not be resumed"
    />
  );
}

function CancelButton({ execution: { id, detail }, size }: ControlsProps) {
  const cancel = useCancelExecution(id);
  const asked = cancel.isPending || cancel.isSuccess || detail?.cancel_requested;
  return (
    <Button
      size={size}
      aria-disabled={asked || undefined}
      onClick={() => {
        if (asked) return;
        cancel.mutate(undefined, {
          onError: (error) => toast.error("The execution could not be cancelled", error),
        });
      }}
    >
      <CircleStop aria-hidden />
      {asked ? "Cancelling…" : "Cancel execution"}
    </Button>
  );
}
