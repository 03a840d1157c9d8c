"use client";

/** Turns something stored on and off where it is listed. */
import { Switch } from "./switch";
import { toast } from "./toast";

type Change = { id: string; is_active: boolean };

type ActiveSwitchProps = {
  of: { id: string; name: string; is_active: boolean };
  /** What is used of the mutation that changes it. */
  change: {
    isPending: boolean;
    variables: { is_active?: boolean | null } | undefined;
    mutate: (change: Change, options: { onError: (error: unknown) => void }) => void;
  };
  disabled: boolean;
  /** What it is when it is switched on. */
  word?: string;
};

export function ActiveSwitch(props: ActiveSwitchProps) {
  const { change, disabled, word = "active" } = props;
  const { id, name, is_active } = props.of;
  // What was asked for is shown at once, until the list knows it too.
  const on = change.isPending ? (change.variables?.is_active ?? true) : is_active;
  return (
    <Switch
      aria-label={`${name} is ${word}`}
      checked={on}
      disabled={disabled}
      title={disabled ? "Your role cannot change this." : undefined}
      onChange={(wanted) =>
        change.mutate(
          { id, is_active: wanted },
          { onError: (error) => toast.error(`“${name}” was not switched`, error) },
        )
      }
    />
  );
}
