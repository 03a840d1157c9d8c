"use client";

/** /executions/view/?id=: one run, live or past. */
import { lazily } from "@/components/lazily";
import { useRouter, useSearchParams } from "next/navigation";
import { useEffect } from "react";
import type { RunCanvasProps } from "@/features/editor";
import {
  EXECUTIONS_PATH,
  ExecutionView,
  type RunCanvasProps as Drawn,
} from "@/features/executions";

/** Loaded when the canvas of a run is looked at. */
const RunCanvas = lazily(() => import("@/features/editor").then((it) => it.RunCanvas));

/** Here the features meet: neither knows the other, and the canvas fills in what a stored plan leaves out. */
function drawRun({ definition, ...run }: Drawn) {
  return <RunCanvas {...run} definition={definition as RunCanvasProps["definition"]} />;
}

export default function ExecutionPage() {
  const id = useSearchParams().get("id");
  const router = useRouter();
  useEffect(() => {
    if (!id) router.replace(EXECUTIONS_PATH);
  }, [id, router]);
  return id ? <ExecutionView key={id} executionId={id} canvas={drawRun} /> : null;
}
