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
import type { LiveExecution } from "../use-live-execution";

export type RunAgainProps = {
  execution: LiveExecution;
  status: ExecutionStatus;
  size?: "sm" | "md";
  /** Shows the new execution; without it its page opens. */
  onStarted?: (id: string) => void;
  /** Saves what is being edited; rejects when that was not possible. */
  beforeStart?: () => Promise<void>;
};

export function RunAgain({ execution, status, size, onStarted, beforeStart }: RunAgainProps) {
  const { id, detail, state } = execution;
  const router = useRouter();
  const [busy, setBusy] = useState(false);
  const resume = useResumeExecution(id);
  const fork = useForkExecution(id);
  const draft = useRunDraft(detail?.flow_id ?? null, detail?.inputs ?? state.inputs);
  const show = onStarted ?? ((started: string) => router.push(executionHref(started)));

  function start(begin: () => Promise<string | null>): void {
    setBusy(true);
    begin()
      .then((started) => started !== null && show(started))
      .catch((error: unknown) => toast.error("The flow was not run again", error))
      .finally(() => setBusy(false));
  }
  const goOn = () =>
    start(async () => {
      await resume.mutateAsync();
      // It is the same execution: its stream had come to an end.
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
  const items: MenuItem[] = [];
  /** Both ways from one point; a crew by itself is edited nowhere as a flow. */
  const offer = (from: string, ran: (() => void) | undefined, edited: () => void) => {
    const point = from.charAt(0).toLowerCase() + from.slice(1);
    const item = (label: string, onSelect: () => void) => ({
      label,
      spoken: `${label}, ${point}`,
      onSelect,
    });
    if (items.length > 0) items.push({ separator: true });
    items.push({ heading: from });
    if (ran) items.push(item(asItRan, ran));
    if (detail?.flow_id) items.push(item("As edited now", edited));
  };
  if (status === "failed" || status === "cancelled") {
    const from = status === "failed" ? "From the failure" : "From where it stopped";
    offer(from, goOn, () => forkFrom(null, "draft"));
  }
  offer("From the beginning", entry ? () => forkFrom(entry, null) : undefined, runDraft);
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
