"use client";

/** /flows/triggers/?id=: what starts one flow by itself. */
import { useRouter, useSearchParams } from "next/navigation";
import { useEffect } from "react";
import { FLOWS_PATH } from "@/features/flows";
import { TriggersView } from "@/features/triggers";

export default function TriggersPage() {
  const id = useSearchParams().get("id");
  const router = useRouter();
  useEffect(() => {
    if (!id) router.replace(FLOWS_PATH);
  }, [id, router]);
  return id ? <TriggersView key={id} flowId={id} /> : null;
}
