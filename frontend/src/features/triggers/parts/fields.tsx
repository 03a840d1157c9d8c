"use client";

/** The fields of a trigger: when or how it is called, what the flow is given, which version runs. */
import { useWatch, type UseFormReturn } from "react-hook-form";
import { Field } from "@/components/field";
import { FormField } from "@/components/form-field";
import { Input } from "@/components/input";
import { KeyValueEditor } from "@/components/key-value-editor";
import { Segmented } from "@/components/segmented";
import { Select } from "@/components/select";
import { Switch } from "@/components/switch";
import type { Kind, TriggerValues } from "../form";
import { ScheduleFields } from "./schedule-fields";
import { WebhookFields } from "./webhook-fields";

type FieldsProps = {
  kind: Kind;
  form: UseFormReturn<TriggerValues>;
  /** What the flow asks for. */
  names: string[];
};

export function TriggerFields({ kind, form, names }: FieldsProps) {
  return (
    <>
      <Field label="Name" error={form.formState.errors.name?.message}>
        <Input autoComplete="off" {...form.register("name")} />
      </Field>
      {kind === "schedule" ? <ScheduleFields form={form} /> : <WebhookFields form={form} />}
      <Inputs kind={kind} form={form} names={names} />
      <Version form={form} />
      <FormField control={form.control} name="is_active" label="Active" inline>
        {({ value, onChange }) => <Switch checked={value} onChange={onChange} />}
      </FormField>
    </>
  );
}

const ways = [
  { value: "body", label: "The body of the call" },
  { value: "mapped", label: "Set each input" },
];

function Inputs({ kind, form, names }: FieldsProps) {
  const mapped = useWatch({ control: form.control, name: "mapped" });
  const asks = names.length > 0 ? `The flow has the inputs ${names.join(", ")}.` : undefined;

  function choose(mapping: boolean) {
    form.setValue("mapped", mapping, { shouldDirty: true });
    if (!mapping || Object.keys(form.getValues("inputs")).length > 0) return;
    const made = names.map((name) => [name, `{{ inputs.body.${name} }}`]);
    form.setValue("inputs", Object.fromEntries(made), { shouldDirty: true });
  }
  return (
    <>
      {kind === "webhook" && (
        <Field label="Inputs of the flow" hint={mapped ? undefined : asks}>
          <Segmented
            label="Inputs of the flow"
            options={ways}
            value={mapped ? "mapped" : "body"}
            onChange={(way) => choose(way === "mapped")}
          />
        </Field>
      )}
      {mapped && (
        <FormField
          control={form.control}
          name="inputs"
          label={kind === "webhook" ? "Input values" : "Inputs of the flow"}
          hint={[asks, help[kind]].filter(Boolean).join(" ")}
        >
          {({ value, onChange }) => (
            <KeyValueEditor
              mono
              value={value}
              onChange={onChange}
              keyLabel="Input"
              addLabel="Add an input"
            />
          )}
        </FormField>
      )}
    </>
  );
}

const help: Record<Kind, string> = {
  schedule: "Templates can use {{ inputs.scheduled_at }}.",
  webhook: "Templates can use inputs.body, inputs.headers and inputs.query.",
};

function Version({ form }: Pick<FieldsProps, "form">) {
  const version = useWatch({ control: form.control, name: "version" });
  const fixed = !["newest", "draft", "published"].includes(version);
  const options = [
    { value: "newest", label: "Latest published version, or the draft if there is none" },
    { value: "published", label: "Latest published version" },
    { value: "draft", label: "Draft" },
    ...(fixed ? [{ value: version, label: `Version ${version}` }] : []),
  ];
  return (
    <FormField control={form.control} name="version" label="Version of the flow">
      {(bound) => <Select {...bound} options={options} />}
    </FormField>
  );
}
