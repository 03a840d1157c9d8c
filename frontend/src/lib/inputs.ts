/** What a person is asked for, by a flow or by an approval: fields, what they start with, what is missing. */

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
  return Object.fromEntries(missing.map(({ name }) => [name, "A value is needed here."]));
}
