"use client";

/** What a person can do with a run: pause it, let it go on, stop it, or run it again from its failure. */
import { CircleStop, Pause, Play, RotateCw } from "lucide-react";
import { Button } from "@/components/button";
import { toast } from "@/components/toast";
import { useCan } from "@/features/auth";
import { isFinal, reconnect } from "@/lib/events";
import { useCancelExecution, usePauseExecution, useResumeExecution } from "../api";
import type { Run } from "../use-run";

type ControlsProps = { run: Run; size?: "sm" | "md" };

export function Controls({ run, size = "md" }: ControlsProps) {
  const { state, detail } = run;
  const may = useCan("executions:write");
  const status = state.seq > 0 ? state.status : detail?.status;
  if (!status || !may) return null;
  if (status === "failed" || status === "cancelled") return <RunAgain run={run} size={size} />;
  if (isFinal(status)) return null;
  return (
    <>
      {detail?.paused || state.paused ? (
        <Resume run={run} size={size} />
      ) : (
        <PauseButton run={run} size={size} />
      )}
      <CancelButton run={run} size={size} />
    </>
  );
}

function PauseButton({ run: { id }, size }: ControlsProps) {
  const pause = usePauseExecution(id);
  return (
    <Button
      size={size}
      loading={pause.isPending}
      onClick={() =>
        pause.mutate(undefined, {
          onError: (error) => toast.error("The run could not be paused", error),
        })
      }
    >
      <Pause aria-hidden />
      Pause
    </Button>
  );
}

function Resume({ run: { id }, size }: ControlsProps) {
  const resume = useResumeExecution(id);
  return (
    <Button
      size={size}
      loading={resume.isPending}
      onClick={() =>
        resume.mutate(undefined, {
          onError: (error) => toast.error("The run does not go on", error),
        })
      }
    >
      <Play aria-hidden />
      Resume
    </Button>
  );
}

function RunAgain({ run: { id, state }, size }: ControlsProps) {
  const resume = useResumeExecution(id);
  return (
    <Button
      size={size}
      loading={resume.isPending}
      onClick={() =>
        resume.mutate(undefined, {
          // Its stream had come to an end.
          onSuccess: () => reconnect(id),
          onError: (error) => toast.error("The run was not started again", error),
        })
      }
    >
      <RotateCw aria-hidden />
      {state.status === "cancelled"
        ? "Run again from where it stopped"
        : "Run again from the failure"}
    </Button>
  );
}

function CancelButton({ run: { id, detail }, size }: ControlsProps) {
  const cancel = useCancelExecution(id);
  const asked = cancel.isPending || cancel.isSuccess || detail?.cancel_requested;
  return (
    <Button
      size={size}
      aria-disabled={asked || undefined}
      onClick={() => {
        if (asked) return;
        cancel.mutate(undefined, {
          onError: (error) => toast.error("The run could not be cancelled", error),
        });
      }}
    >
      <CircleStop aria-hidden />
      {asked ? "Cancelling…" : "Cancel run"}
    </Button>
  );
}
