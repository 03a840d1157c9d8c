"use client";

/** How many executions run at a time, and how long they and their logs are kept. */
import { useState, type FormEvent } from "react";
import { Button } from "@/components/button";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { Field } from "@/components/field";
import { NumberInput } from "@/components/number-input";
import { toast } from "@/components/toast";
import type { Schema } from "@/lib/api/client";
import { toApiError } from "@/lib/api/error";
import { useChangeSettings } from "./api";
import { FIELDS, hintOf, isSame, problemOf, removesMore, valuesOf, type Values } from "./settings";

export function SettingsForm({ settings }: { settings: Schema<"SettingsOut"> }) {
  const [values, setValues] = useState<Values>(valuesOf(settings));
  const change = useChangeSettings();
  const problems = FIELDS.map(({ name }) => problemOf(name, values[name]));
  const [asking, setAsking] = useState(false);
  const saved = () => toast.success("The settings are saved");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (problems.some(Boolean)) return;
    if (removesMore(values, settings)) setAsking(true);
    else change.mutate(values, { onSuccess: saved });
  };
  return (
    <form noValidate onSubmit={submit} className="flex max-w-md flex-col gap-3">
      {FIELDS.map(({ name, label, unit }, place) => (
        <Field
          key={name}
          label={label}
          hint={hintOf(name, settings.defaults)}
          error={problems[place]}
        >
          <NumberInput
            value={values[name]}
            unit={unit}
            step={1}
            onChange={(value) => setValues({ ...values, [name]: value })}
          />
        </Field>
      ))}
      {change.error && !asking && (
        <p role="alert" className="text-xs text-failed">
          {toApiError(change.error).message}
        </p>
      )}
      <Button
        type="submit"
        className="self-start"
        loading={change.isPending}
        obstacle={
          problems.some(Boolean)
            ? "Fix the fields with an error first."
            : isSame(values, settings)
              ? "Nothing has changed yet."
              : null
        }
      >
        Save settings
      </Button>
      {asking && (
        <ConfirmDialog
          title="Delete old executions and logs?"
          description="Executions and logs that are older than this are deleted within seconds. You cannot undo this."
          verb="Save and delete"
          onConfirm={() => change.mutateAsync(values).then(saved)}
          onClose={() => setAsking(false)}
        />
      )}
    </form>
  );
}

/** The same for those who may only look. */
export function SettingsFacts({ settings }: { settings: Schema<"SettingsOut"> }) {
  return (
    <dl className="flex max-w-md flex-col gap-3">
      {FIELDS.map(({ name, label, unit }) => (
        <div key={name}>
          <dt className="font-medium">{label}</dt>
          <dd className="text-muted">
            {settings[name] === null
              ? hintOf(name, settings.defaults)
              : `${settings[name]} ${unit ?? ""}`}
          </dd>
        </div>
      ))}
    </dl>
  );
}
