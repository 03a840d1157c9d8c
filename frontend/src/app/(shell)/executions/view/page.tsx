"use client";

/** /executions/view/?id=: one execution, live or past. */
import { lazily } from "@/components/lazily";
import { useRouter, useSearchParams } from "next/navigation";
import { useEffect } from "react";
import type { ExecutionCanvasProps } from "@/features/editor";
import {
  EXECUTIONS_PATH,
  ExecutionView,
  type ExecutionCanvasProps as Drawn,
} from "@/features/executions";

/** Loaded when the canvas of an execution is looked at. */
const ExecutionCanvas = lazily(() => import("@/features/editor").then((it) => it.ExecutionCanvas));

/** Here the features meet: neither knows the other, and the canvas fills in what a stored plan leaves out. */
function drawExecution({ definition, ...execution }: Drawn) {
  return (
    <ExecutionCanvas {...execution} definition={definition as ExecutionCanvasProps["definition"]} />
  );
}

export default function ExecutionPage() {
  const id = useSearchParams().get("id");
  const router = useRouter();
  useEffect(() => {
    if (!id) router.replace(EXECUTIONS_PATH);
  }, [id, router]);
  return id ? <ExecutionView key={id} executionId={id} canvas={drawExecution} /> : null;
}
