"use client";

/** /flows/edit/?id=: one flow on the canvas; ?execution= shows one of its executions. */
import { lazily } from "@/components/lazily";
import { useRouter, useSearchParams } from "next/navigation";
import { useEffect } from "react";
import { EditorView } from "@/features/editor";
import { FLOWS_PATH } from "@/features/flows";
import { useUrlState } from "@/lib/url-state";

/** Loaded with the first execution that is looked at. */
const ExecutionDrawer = lazily(() =>
  import("@/features/executions").then((it) => it.ExecutionDrawer),
);

export default function EditFlowPage() {
  const id = useSearchParams().get("id");
  const [params, change] = useUrlState();
  const router = useRouter();
  useEffect(() => {
    if (!id) router.replace(FLOWS_PATH);
  }, [id, router]);
  if (!id) return null;
  return (
    <EditorView
      key={id}
      flowId={id}
      executionId={params.get("execution")}
      onExecutionChange={(execution) => change({ execution })}
      renderExecution={(execution) => (
        <ExecutionDrawer key={execution.executionId} {...execution} />
      )}
    />
  );
}
