"use client";

/** Runs again what is over: from its failure or from the beginning, as it ran or as the flow is edited now. */
import { ChevronDown, RotateCw } from "lucide-react";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { Button } from "@/components/button";
import { DropdownMenu, type MenuItem } from "@/components/menu";
import { toast } from "@/components/toast";
import { reconnect, type ExecutionStatus } from "@/lib/events";
import { useForkExecution, useResumeExecution, useRunDraft } from "../api";
import { executionHref } from "../links";
import { versionName } from "../model/naming";
import type { Run } from "../use-run";

export type RunAgainProps = {
  run: Run;
  status: ExecutionStatus;
  size?: "sm" | "md";
  /** Shows the new run; without it its page opens. */
  onStarted?: (id: string) => void;
  /** Saves what is being edited; rejects when that was not possible. */
  beforeStart?: () => Promise<void>;
};

export function RunAgain({ run, status, size, onStarted, beforeStart }: RunAgainProps) {
  const { id, detail, state } = run;
  const router = useRouter();
  const [busy, setBusy] = useState(false);
  const resume = useResumeExecution(id);
  const fork = useForkExecution(id);
  const draft = useRunDraft(detail?.flow_id ?? null, detail?.inputs ?? state.inputs);
  const show = onStarted ?? ((started: string) => router.push(executionHref(started)));

  async function start(begin: () => Promise<string | null>) {
    setBusy(true);
    try {
      const started = await begin();
      if (started !== null) show(started);
    } catch (error) {
      toast.error("The run was not started again", error);
    } finally {
      setBusy(false);
    }
  }
  const goOn = () =>
    start(async () => {
      await resume.mutateAsync();
      // It is the same run: its stream had come to an end.
      reconnect(id);
      return null;
    });
  const forkFrom = (from_node: string | null, version: "draft" | null) =>
    start(async () => {
      if (version) await beforeStart?.();
      return fork.mutateAsync({ from_node, version, outputs: {} });
    });
  const runDraft = () =>
    start(async () => {
      await beforeStart?.();
      return draft.mutateAsync();
    });

  const entry = detail?.definition.nodes.find(({ type }) => type === "input")?.id;
  const asItRan = detail?.version ? `As it ran, ${versionName(detail)}` : "As it ran";
  const stopped = status === "failed" || status === "cancelled";
  const items: MenuItem[] = [];
  if (stopped) {
    items.push(
      { heading: status === "failed" ? "From the failure" : "From where it stopped" },
      { label: asItRan, onSelect: () => void goOn() },
    );
    if (detail?.flow_id) {
      items.push({ label: "As edited now", onSelect: () => void forkFrom(null, "draft") });
    }
    items.push({ separator: true });
  }
  items.push({ heading: "From the beginning" });
  if (entry) items.push({ label: asItRan, onSelect: () => void forkFrom(entry, null) });
  if (detail?.flow_id) items.push({ label: "As edited now", onSelect: () => void runDraft() });
  if (!detail) return null;
  return (
    <DropdownMenu
      items={items}
      trigger={
        <Button size={size} loading={busy}>
          <RotateCw aria-hidden />
          Run again
          <ChevronDown aria-hidden />
        </Button>
      }
    />
  );
}
