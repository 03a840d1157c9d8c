"use client";

/** Making an API key: its name, what it may do, for which flows and how long; then the key itself, once. */
import { zodResolver } from "@hookform/resolvers/zod";
import { useState } from "react";
import { useForm, useWatch } from "react-hook-form";
import { Checkbox } from "@/components/checkbox";
import { Field, type ControlAria } from "@/components/field";
import { FormField } from "@/components/form-field";
import { FormSheet } from "@/components/form-sheet";
import { Input } from "@/components/input";
import { SecretDialog } from "@/components/secret-dialog";
import { Select } from "@/components/select";
import { useSession } from "@/features/auth";
import { useAllFlows } from "@/features/flows";
import { useSave } from "@/lib/api/use-save";
import { useCreateKey, usePermissionTable } from "../api";
import { forFlows, keySchema, lifetimes, newKey, toKey } from "../key-form";

export function NewKeySheet({ onClose }: { onClose: () => void }) {
  const create = useCreateKey();
  const [made, setMade] = useState<{ name: string; key: string } | null>(null);
  const form = useForm({ resolver: zodResolver(keySchema), defaultValues: newKey });
  const { errors } = form.formState;
  const limited = useWatch({ control: form.control, name: "flow_ids" }).length > 0;

  const save = useSave(form, async (values) => {
    const key = await create.mutateAsync(toKey(values));
    if (key) setMade(key);
  });
  if (made) {
    return (
      <SecretDialog
        title={`“${made.name}” is ready`}
        description="Copy the key now. You cannot see it again."
        label="API key"
        text={made.key}
        onClose={onClose}
      />
    );
  }
  return (
    <FormSheet
      title="New API key"
      description="An API key acts for you, with the permissions you choose here. It never has more permissions than your role."
      verb="Create key"
      onClose={onClose}
      form={save}
    >
      <Field label="Name" hint="Where it is used, e.g. “CI”." error={errors.name?.message}>
        <Input autoComplete="off" {...form.register("name")} />
      </Field>
      <FormField control={form.control} name="lifetime" label="Expires">
        {(bound) => <Select {...bound} options={lifetimes} />}
      </FormField>
      <FormField
        control={form.control}
        name="scopes"
        label="Permissions"
        hint={limited ? "Greyed permissions cannot be limited to single flows." : undefined}
      >
        {({ value, onChange }) => <Scopes chosen={value} onChange={onChange} limited={limited} />}
      </FormField>
      <FormField
        control={form.control}
        name="flow_ids"
        label="Only these flows"
        hint="Choose none to allow all flows. If you choose flows, the key works for these only, and it cannot add other flows to them."
      >
        {({ value, onChange }) => <Flows chosen={value} onChange={onChange} />}
      </FormField>
    </FormSheet>
  );
}

type ChoiceProps = ControlAria & { chosen: string[]; onChange: (chosen: string[]) => void };

function Scopes({ limited, ...rest }: ChoiceProps & { limited: boolean }) {
  const { data: table } = usePermissionTable();
  const { data: session } = useSession();
  const rows = (table?.items ?? []).filter(
    ({ permission, grantable }) => grantable && session?.permissions.includes(permission),
  );
  const options = rows.map(({ permission, allows }) => ({
    value: permission,
    label: allows,
    hint: permission,
    disabled: limited && !forFlows.has(permission),
  }));
  return <Ticks {...rest} options={options} />;
}

function Flows(props: ChoiceProps) {
  const { data: flows = [] } = useAllFlows();
  if (flows.length === 0) return <p className="text-muted">There are no flows yet.</p>;
  return <Ticks {...props} options={flows.map(({ id, name }) => ({ value: id, label: name }))} />;
}

type Tick = { value: string; label: string; hint?: string; disabled?: boolean };

function Ticks({ options, chosen, onChange, ...aria }: ChoiceProps & { options: Tick[] }) {
  return (
    <div
      {...aria}
      role="group"
      className="flex max-h-72 flex-col gap-1 overflow-y-auto rounded-md border p-2"
    >
      {options.map(({ value, label, hint, disabled }) => (
        <label key={value} className="flex min-h-6 shrink-0 items-start gap-2 [&>button]:mt-0.5">
          <Checkbox
            aria-label={label}
            checked={chosen.includes(value) && !disabled}
            disabled={disabled}
            onChange={(on) =>
              onChange(on ? [...chosen, value] : chosen.filter((other) => other !== value))
            }
          />
          <span className="min-w-0 flex-1 break-words">{label}</span>
          {hint && <code className="font-mono text-xs text-muted">{hint}</code>}
        </label>
      ))}
    </div>
  );
}
