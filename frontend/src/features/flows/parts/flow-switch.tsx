"use client";

/** Switches a flow off and on: off, nobody can run it. */
import { ActiveSwitch } from "@/components/active-switch";
import { useChangeFlow, type FlowSummary } from "../api";

export function FlowSwitch({ flow, disabled }: { flow: FlowSummary; disabled: boolean }) {
  return <ActiveSwitch of={flow} change={useChangeFlow()} disabled={disabled} word="on" />;
}
