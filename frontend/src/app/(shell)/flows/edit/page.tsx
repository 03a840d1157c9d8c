"use client";

/** /flows/edit/?id=: one flow on the canvas; ?run= shows a run of it. */
import { lazily } from "@/components/lazily";
import { useRouter, useSearchParams } from "next/navigation";
import { useEffect } from "react";
import { EditorView } from "@/features/editor";
import { FLOWS_PATH } from "@/features/flows";
import { useUrlState } from "@/lib/url-state";

/** Loaded with the first run that is looked at. */
const RunDrawer = lazily(() => import("@/features/executions").then((it) => it.RunDrawer));

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
      executionId={params.get("run")}
      onExecutionChange={(run) => change({ run })}
      renderRun={(run) => <RunDrawer key={run.executionId} {...run} />}
    />
  );
}
