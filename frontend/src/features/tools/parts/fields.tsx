"use client";

/** The fields of a tool: what it is called, what it does, what it takes, and what it may use. */
import { useWatch, type UseFormReturn } from "react-hook-form";
import { CodeEditor } from "@/components/code-editor";
import { Field } from "@/components/field";
import { FormField } from "@/components/form-field";
import { Input } from "@/components/input";
import { JsonField } from "@/components/json-field";
import { MoreFields } from "@/components/more-fields";
import { NumberInput } from "@/components/number-input";
import { Segmented } from "@/components/segmented";
import { Select } from "@/components/select";
import { Textarea } from "@/components/textarea";
import { useBuiltins } from "../api";
import type { ToolValues } from "../form";

type Form = { form: UseFormReturn<ToolValues> };

export function ToolFields({ form }: Form) {
  const { errors } = form.formState;
  const kind = useWatch({ control: form.control, name: "kind" });
  return (
    <>
      <FormField control={form.control} name="kind" label="Kind">
        {({ value, onChange }) => (
          <Segmented
            label="Kind"
            options={[
              { value: "python", label: "Python" },
              { value: "builtin", label: "Builtin" },
            ]}
            value={value}
            onChange={onChange}
          />
        )}
      </FormField>
      <Field label="Name" error={errors.name?.message}>
        <Input placeholder="Count words" {...form.register("name")} />
      </Field>
      <Field
        label="Description"
        optional
        hint="Agents read this to decide when to use the tool."
        error={errors.description?.message}
      >
        <Textarea
          rows={2}
          placeholder="Counts the words of a text. Use it before you promise a length."
          {...form.register("description")}
        />
      </Field>
      {kind === "python" ? <Python form={form} /> : <Builtin form={form} />}
      <MoreFields label="Limits and output schema">
        <Limits form={form} />
      </MoreFields>
    </>
  );
}

function Python({ form: { control } }: Form) {
  return (
    <>
      <FormField
        control={control}
        name="code"
        label="Python"
        hint="Define a function run: its arguments are the input, what it returns is the output. It runs in a sandbox with much of the standard library, without files, network or packages."
      >
        {({ value, onChange }) => (
          <CodeEditor
            language="python"
            value={value}
            onChange={onChange}
            minHeight="180px"
            lineNumbers
          />
        )}
      </FormField>
      <FormField
        control={control}
        name="input_schema"
        label="Input schema"
        hint="JSON Schema of the input, an object. Each property is an argument of run."
      >
        {({ value, onChange }) => (
          <JsonField name="input_schema" value={value} onChange={onChange} minHeight="96px" />
        )}
      </FormField>
    </>
  );
}

function Builtin({ form: { control } }: Form) {
  const { data: builtins = [] } = useBuiltins();
  const chosen = useWatch({ control, name: "builtin" });
  const found = builtins.find(({ name }) => name === chosen);
  const settings = Object.keys((found?.settings_schema.properties as object | undefined) ?? {});
  return (
    <>
      <FormField control={control} name="builtin" label="Builtin tool" hint={found?.description}>
        {({ value, onChange }) => (
          <Select
            options={builtins.map(({ name, title }) => ({ value: name, label: title }))}
            value={value}
            onChange={onChange}
            placeholder="Choose a tool"
          />
        )}
      </FormField>
      {settings.length > 0 && (
        <FormField
          control={control}
          name="settings"
          label="Settings"
          hint={`A JSON object with: ${settings.join(", ")}.`}
        >
          {({ value, onChange }) => (
            <JsonField name="settings" value={value} onChange={onChange} minHeight="72px" />
          )}
        </FormField>
      )}
    </>
  );
}

const AMOUNTS = [
  { name: "timeout_seconds", label: "Time-out", unit: "s" },
  { name: "memory_mb", label: "Memory", unit: "MB" },
  { name: "output_kb", label: "Output", unit: "kB" },
] as const;

function Limits({ form: { control } }: Form) {
  return (
    <>
      <div className="grid grid-cols-3 items-start gap-3 max-sm:grid-cols-1">
        {AMOUNTS.map(({ name, label, unit }) => (
          <FormField key={name} control={control} name={name} label={label}>
            {({ value, onChange }) => <NumberInput {...{ value, onChange, unit }} min={0} />}
          </FormField>
        ))}
      </div>
      <FormField
        control={control}
        name="output_schema"
        label="Output schema"
        optional
        hint="JSON Schema that the output must satisfy."
      >
        {({ value, onChange }) => (
          <JsonField name="output_schema" value={value} onChange={onChange} minHeight="72px" />
        )}
      </FormField>
    </>
  );
}
