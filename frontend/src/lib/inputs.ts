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

/** What the form starts with: the last execution's values, else the defaults; a switch starts off. */
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

/** A sentence for each field that is not ready: required and empty, or with a text that cannot be read. */
export function unreadyInputs(
  fields: InputField[],
  values: Readonly<Record<string, unknown>>,
  drafts: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    fields.flatMap(({ name, required }): [string, string][] => {
      if (name in drafts)
        return [[name, "This value is not valid. Correct it, or clear the field."]];
      const value = values[name];
      const empty = value === null || value === undefined || value === "";
      return required && empty ? [[name, "Enter a value."]] : [];
    }),
  );
}
