"use client";

/** Asks for the inputs of a run, as the Input node declares them. */
import { Play } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/button";
import { Dialog } from "@/components/dialog";
import { Field } from "@/components/field";
import { Input } from "@/components/input";
import { NumberInput } from "@/components/number-input";
import { Select } from "@/components/select";
import { Switch } from "@/components/switch";
import { Textarea } from "@/components/textarea";
import { toApiError } from "@/lib/api/error";
import { JsonField } from "../inspector/json-field";
import { missingInputs, startValues, type InputField } from "../model/inputs";

type RunDialogProps = {
  fields: InputField[];
  /** What the last run was given. */
  last: Record<string, unknown> | null;
  onClose: () => void;
  onRun: (inputs: Record<string, unknown>) => Promise<void>;
};

export function RunDialog({ fields, last, onClose, onRun }: RunDialogProps) {
  const [values, setValues] = useState(() => startValues(fields, last));
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [running, setRunning] = useState(false);

  async function submit() {
    const missing = missingInputs(fields, values);
    setErrors(missing);
    if (Object.keys(missing).length > 0) return;
    setRunning(true);
    try {
      await onRun(values);
      onClose();
    } catch (error) {
      setErrors(inputErrors(error));
    } finally {
      setRunning(false);
    }
  }
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="Run flow"
      description="The run uses the draft as it is now."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" type="submit" form="run-inputs" loading={running}>
            <Play aria-hidden />
            Run flow
          </Button>
        </>
      }
    >
      <form
        id="run-inputs"
        noValidate
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        {fields.map((field) => (
          <Field
            key={field.name}
            label={field.label || field.name}
            hint={field.description || undefined}
            error={errors[field.name]}
            optional={!field.required}
            inline={field.type === "boolean"}
          >
            <InputControl
              field={field}
              value={values[field.name]}
              onChange={(value) => setValues((before) => ({ ...before, [field.name]: value }))}
            />
          </Field>
        ))}
        {errors[""] && (
          <p role="alert" className="text-failed">
            {errors[""]}
          </p>
        )}
      </form>
    </Dialog>
  );
}

type InputControlProps = {
  field: InputField;
  value: unknown;
  onChange: (value: unknown) => void;
};

function InputControl({ field, value, onChange, ...aria }: InputControlProps) {
  const text = typeof value === "string" ? value : "";
  if (field.options && field.options.length > 0) {
    const options = field.options.map((option) => ({ value: option, label: option }));
    return <Select {...aria} options={options} value={text} onChange={onChange} />;
  }
  switch (field.type) {
    case "boolean":
      return <Switch {...aria} checked={value === true} onChange={onChange} />;
    case "integer":
    case "number":
      return (
        <NumberInput
          {...aria}
          value={value as number | null}
          step={field.type === "integer" ? 1 : undefined}
          onChange={onChange}
        />
      );
    case "list":
    case "object":
      return <JsonField {...aria} value={value} onChange={onChange} minHeight="72px" />;
    case "text":
      return <Textarea {...aria} value={text} onChange={(event) => onChange(event.target.value)} />;
    default:
      return <Input {...aria} value={text} onChange={(event) => onChange(event.target.value)} />;
  }
}

/** The server's word on each input; what belongs to none stands below the form. */
function inputErrors(error: unknown): Record<string, string> {
  const problem = toApiError(error);
  const named = problem.errors.filter(
    ({ loc }) => loc.includes("inputs") && loc.at(-1) !== "inputs",
  );
  if (named.length === 0) return { "": problem.message };
  return Object.fromEntries(named.map(({ loc, message }) => [String(loc.at(-1)), message]));
}
