/** How a form shows the fields of a schema: which, in which order, and by which words. */

import { hintsOf, resolve, type JsonSchema, type Resolved } from "../model/json-schema";

export type Property = { name: string; schema: Resolved };

/** What nothing on this form decides: the body has a canvas of its own, an execution fills in the rest. */
const elsewhere = new Set(["body", "hidden"]);

/** The fields of an object that are to be seen, given what they say. */
export function shownFields(
  schema: Resolved,
  root: JsonSchema,
  value: Readonly<Record<string, unknown>>,
): Property[] {
  const properties = schema.properties ?? {};
  const all = Object.entries(properties).map(([name, own]) => ({
    name,
    schema: resolve(own, root),
  }));
  // A stored thing and the same thing written here are one choice.
  const inline = new Set(all.map((property) => hintsOf(property.schema).inline));
  return all.filter(
    ({ name, schema: own }) =>
      !elsewhere.has(own.format ?? "") &&
      !inline.has(name) &&
      Object.entries(hintsOf(own).when ?? {}).every(([beside, values]) => {
        const said = value[beside] ?? properties[beside]?.default ?? null;
        return values === null ? said !== null : values.includes(String(said));
      }),
  );
}

/** The fields in the order they are shown. Without a place of their own, required fields matter. */
export function order(
  fields: Property[],
  required: readonly string[],
): { main: Property[]; more: Property[] } {
  const place = (field: Property) => hintsOf(field.schema).order ?? Infinity;
  const placed = fields.filter((field) => place(field) < Infinity);
  const main = placed.length
    ? placed.toSorted((one, other) => place(one) - place(other))
    : fields.filter(({ name }) => required.includes(name));
  // A form that is all "More" would hide itself.
  if (main.length === 0) return { main: fields, more: [] };
  return { main, more: fields.filter((field) => !main.includes(field)) };
}

/** How many lines a text begins with. */
export function linesOf(schema: Resolved): number {
  return hintsOf(schema).lines ?? 3;
}

/** A field's words when the schema gives it no title. */
export function titleOf(name: string): string {
  const words = name.replaceAll("_", " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** "config.cases.0.when" in words: "Case 1, when"; empty when there is no field. */
export function fieldWords(field: string | null | undefined): string {
  const parts = (field ?? "").split(".").filter((part) => part !== "config" && part !== "");
  const words = parts.reduce<string[]>((done, part) => {
    // An index belongs to the list before it.
    if (!/^\d+$/.test(part)) return [...done, part.replaceAll("_", " ")];
    const list = done.at(-1)?.replace(/s$/, "") ?? "entry";
    return [...done.slice(0, -1), `${list} ${Number(part) + 1}`];
  }, []);
  const text = words.join(", ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What a choice is called; methods and the like stay as they are written. */
export function choiceOf(schema: Resolved, value: string): string {
  const label = hintsOf(schema).labels?.[value];
  return label ?? (value === value.toUpperCase() ? value : titleOf(value));
}
