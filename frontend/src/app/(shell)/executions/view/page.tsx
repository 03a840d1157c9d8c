"use client";

/** /executions/view/?id=: one run, live or past. */
import { useRouter, useSearchParams } from "next/navigation";
import { useEffect } from "react";
import { EXECUTIONS_PATH, ExecutionView } from "@/features/executions";

export default function ExecutionPage() {
  const id = useSearchParams().get("id");
  const router = useRouter();
  useEffect(() => {
    if (!id) router.replace(EXECUTIONS_PATH);
  }, [id, router]);
  return id ? <ExecutionView key={id} executionId={id} /> : null;
}
