"use client";

/** When a schedule runs: a preset or an expression, the zone, and the next times as that clock shows them. */
import { useDeferredValue } from "react";
import { useWatch, type UseFormReturn } from "react-hook-form";
import { Combobox } from "@/components/combobox";
import { Field } from "@/components/field";
import { FormField } from "@/components/form-field";
import { Input } from "@/components/input";
import { MoreFields } from "@/components/more-fields";
import { NumberInput } from "@/components/number-input";
import { Select } from "@/components/select";
import { toApiError } from "@/lib/api/error";
import { useSchedulePreview } from "../api";
import type { TriggerValues } from "../form";
import { CUSTOM, formatThere, presetOf, presets, zones } from "../schedules";

type Form = { form: UseFormReturn<TriggerValues> };

const overlaps = [
  { value: "skip", label: "Skip the new execution" },
  { value: "queue", label: "Queue the new execution" },
  { value: "cancel_previous", label: "Cancel the previous execution" },
  { value: "allow", label: "Run both at the same time" },
];
const misses = [
  { value: "run_once", label: "Run once, as soon as possible" },
  { value: "skip", label: "Skip them" },
  { value: "run_all", label: "Run all of them" },
];

export function ScheduleFields({ form }: Form) {
  const { errors } = form.formState;
  const rules = useWatch({ control: form.control, name: "schedule" });
  return (
    <>
      <Field label="How often">
        <Select
          value={presetOf(rules.cron)}
          options={[...presets, { value: CUSTOM, label: "Custom" }]}
          onChange={(value) => {
            if (value !== CUSTOM) form.setValue("schedule.cron", value, { shouldDirty: true });
            else form.setFocus("schedule.cron");
          }}
        />
      </Field>
      <Field
        label="Cron expression"
        hint="Minute, hour, day of the month, month, day of the week."
        error={errors.schedule?.cron?.message}
      >
        <Input mono spellCheck={false} {...form.register("schedule.cron")} />
      </Field>
      <FormField control={form.control} name="schedule.timezone" label="Time zone">
        {({ value, onChange }) => (
          <Combobox
            value={value}
            onChange={onChange}
            placeholder="Choose a time zone"
            options={zones(value).map((zone) => ({ value: zone, label: zone }))}
          />
        )}
      </FormField>
      <Preview cron={rules.cron} timezone={rules.timezone} />
      <FormField
        control={form.control}
        name="schedule.overlap"
        label="If the previous execution is still running"
      >
        {(bound) => <Select {...bound} options={overlaps} />}
      </FormField>
      <MoreFields open={Boolean(errors.schedule?.most_missed)}>
        <FormField
          control={form.control}
          name="schedule.missed"
          label="If times were missed because no worker was running"
        >
          {(bound) => <Select {...bound} options={misses} />}
        </FormField>
        {rules.missed === "run_all" && (
          <FormField control={form.control} name="schedule.most_missed" label="At most">
            {({ value, onChange }) => (
              <NumberInput min={1} max={100} step={1} value={value} onChange={onChange} />
            )}
          </FormField>
        )}
      </MoreFields>
    </>
  );
}

function Preview({ cron, timezone }: { cron: string; timezone: string }) {
  const asked = useDeferredValue(cron.trim());
  const { data, error } = useSchedulePreview(asked, timezone);
  if (error) {
    return (
      <p role="alert" className="text-xs text-failed">
        {toApiError(error).message}
      </p>
    );
  }
  return (
    <section aria-label="Next times" className="min-h-32 rounded-md border bg-sunken px-3 py-2">
      {data && (
        <>
          <p className="font-medium">{data.description}</p>
          <ol className="mt-1 text-xs text-muted tabular-nums">
            {data.times.map((time) => (
              <li key={time}>
                <time dateTime={time}>{formatThere(time, timezone)}</time>
              </li>
            ))}
          </ol>
        </>
      )}
    </section>
  );
}
