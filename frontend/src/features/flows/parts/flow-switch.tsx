"use client";

/** Switches a flow off and on: off, nobody can run it. */
import { Switch } from "@/components/switch";
import { toast } from "@/components/toast";
import { useChangeFlow, type FlowSummary } from "../api";

export function FlowSwitch({ flow, disabled }: { flow: FlowSummary; disabled: boolean }) {
  const change = useChangeFlow();
  // What was asked for is shown at once, until the list knows it too.
  const on = change.isPending ? (change.variables.is_active ?? true) : flow.is_active;
  return (
    <Switch
      aria-label={`${flow.name} is on`}
      checked={on}
      disabled={disabled}
      onChange={(is_active) =>
        change.mutate(
          { id: flow.id, is_active },
          { onError: (error) => toast.error(`“${flow.name}” was not switched`, error) },
        )
      }
    />
  );
}
