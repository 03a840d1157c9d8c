/** What a run is asked for, read from the flow's Input node. */
import type { FlowDefinition } from "./definition";

export type InputType = "string" | "text" | "integer" | "number" | "boolean" | "list" | "object";

export type InputField = {
  name: string;
  type?: InputType;
  label?: string;
  description?: string;
  required: boolean;
  default?: unknown;
  options?: string[];
};

/** The declared fields that have a name; required unless they say otherwise. */
export function inputFields(flow: FlowDefinition): InputField[] {
  const input = flow.nodes.find((node) => node.type === "input");
  const fields = input?.config.fields;
  return (Array.isArray(fields) ? (fields as Partial<InputField>[]) : [])
    .filter((field) => typeof field.name === "string" && field.name !== "")
    .map((field) => ({ ...field, name: String(field.name), required: field.required ?? true }));
}

/** What the form starts with: the last run's values, else the defaults; a switch starts off. */
export function startValues(
  fields: InputField[],
  last: Record<string, unknown> | null,
): Record<string, unknown> {
  return Object.fromEntries(
    fields.map((field) => {
      const start = last?.[field.name] ?? field.default ?? null;
      return [field.name, field.type === "boolean" ? (start ?? false) : start];
    }),
  );
}

/** A sentence for each required field without a value. An empty text is none. */
export function missingInputs(
  fields: InputField[],
  values: Record<string, unknown>,
): Record<string, string> {
  const missing = fields.filter(({ name, required }) => {
    const value = values[name];
    return required && (value === null || value === undefined || value === "");
  });
  return Object.fromEntries(missing.map(({ name }) => [name, "This run needs a value here."]));
}
