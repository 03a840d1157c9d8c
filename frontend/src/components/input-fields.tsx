"use client";

/** A form for what a flow or an approval asks: one control for each field, by its type. */
import type { InputField } from "@/lib/inputs";
import { Field } from "./field";
import { Input } from "./input";
import { JsonField } from "./json-field";
import { NumberField } from "./number-field";
import { Select } from "./select";
import { Switch } from "./switch";
import { Textarea } from "./textarea";

type InputFieldsProps = {
  fields: InputField[];
  values: Readonly<Record<string, unknown>>;
  /** By the field's name. */
  errors: Readonly<Record<string, string>>;
  onChange: (name: string, value: unknown) => void;
};

export function InputFields({ fields, values, errors, onChange }: InputFieldsProps) {
  return fields.map((field) => (
    <Field
      key={field.name}
      label={field.label || field.name}
      hint={field.description || undefined}
      error={errors[field.name]}
      optional={!field.required}
      required={field.required && field.type !== "boolean"}
      inline={field.type === "boolean"}
    >
      <InputControl
        field={field}
        value={values[field.name]}
        onChange={(value) => onChange(field.name, value)}
      />
    </Field>
  ));
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
        <NumberField
          {...aria}
          name={field.name}
          value={value as number | bigint | null}
          onChange={onChange}
        />
      );
    case "list":
    case "object":
      return (
        <JsonField {...aria} name={field.name} value={value} onChange={onChange} minHeight="72px" />
      );
    case "text":
      return <Textarea {...aria} value={text} onChange={(event) => onChange(event.target.value)} />;
    default:
      return <Input {...aria} value={text} onChange={(event) => onChange(event.target.value)} />;
  }
}
