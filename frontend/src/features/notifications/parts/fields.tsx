"use client";

/** The fields of a notification: about which flow, at which ends, who is told and how. */
import { useWatch, type UseFormReturn } from "react-hook-form";
import { Checkbox } from "@/components/checkbox";
import { Combobox } from "@/components/combobox";
import { Field, type ControlAria } from "@/components/field";
import { FormField } from "@/components/form-field";
import { Input } from "@/components/input";
import { Segmented } from "@/components/segmented";
import { StatusIcon, statusLooks } from "@/components/status-badge";
import { Switch } from "@/components/switch";
import { TagsInput } from "@/components/tags-input";
import { useAllFlows } from "@/features/flows";
import { ALL_FLOWS, type FinalStatus, type NotificationValues } from "../form";

type FieldsProps = {
  form: UseFormReturn<NotificationValues>;
  /** It is stored, so its channel is settled. */
  stored?: boolean;
};

const channels = [
  { value: "email" as const, label: "Mail" },
  { value: "webhook" as const, label: "Call to a URL" },
];

export function NotificationFields({ form, stored }: FieldsProps) {
  const { data: flows = [] } = useAllFlows();
  const channel = useWatch({ control: form.control, name: "channel" });
  const choices = flows.map(({ id, name }) => ({ value: id, label: name }));
  return (
    <>
      <Field label="Name" error={form.formState.errors.name?.message}>
        <Input autoComplete="off" {...form.register("name")} />
      </Field>
      <FormField control={form.control} name="flow_id" label="Flow">
        {({ value, onChange }) => (
          <Combobox
            value={value}
            onChange={onChange}
            placeholder="Choose a flow"
            options={[{ value: ALL_FLOWS, label: "All flows" }, ...choices]}
          />
        )}
      </FormField>
      <FormField control={form.control} name="statuses" label="Send when an execution is">
        {({ value, onChange }) => <Statuses chosen={value} onChange={onChange} />}
      </FormField>
      {!stored && (
        <FormField control={form.control} name="channel" label="Send by">
          {({ value, onChange }) => (
            <Segmented label="Send by" options={channels} value={value} onChange={onChange} />
          )}
        </FormField>
      )}
      <FormField
        control={form.control}
        name="recipients"
        label={channel === "email" ? "Mail addresses" : "URLs"}
        hint={
          channel === "email"
            ? "Each address gets a mail with a link to the execution. People outside the tenant must confirm their address first."
            : "Each URL gets the execution as signed JSON. If a call fails, it is sent again for up to a day."
        }
      >
        {({ value, onChange }) => (
          <TagsInput
            value={value}
            onChange={onChange}
            placeholder={channel === "email" ? "ann@example.com" : "https://example.com/hook"}
          />
        )}
      </FormField>
      <FormField control={form.control} name="is_active" label="Active" inline>
        {({ value, onChange }) => <Switch checked={value} onChange={onChange} />}
      </FormField>
    </>
  );
}

const ends: FinalStatus[] = ["completed", "failed", "cancelled"];

type StatusesProps = ControlAria & {
  chosen: FinalStatus[];
  onChange: (chosen: FinalStatus[]) => void;
};

function Statuses({ chosen, onChange, ...aria }: StatusesProps) {
  return (
    <div
      id={aria.id}
      role="group"
      aria-labelledby={aria["aria-labelledby"]}
      aria-describedby={aria["aria-describedby"]}
      className="flex gap-5"
    >
      {ends.map((status) => (
        <label key={status} className="flex min-h-6 items-center gap-2">
          <Checkbox
            aria-label={statusLooks[status].word}
            checked={chosen.includes(status)}
            onChange={(on) =>
              onChange(ends.filter((one) => (one === status ? on : chosen.includes(one))))
            }
          />
          <StatusIcon status={status} labelled={false} />
          {statusLooks[status].word}
        </label>
      ))}
    </div>
  );
}
