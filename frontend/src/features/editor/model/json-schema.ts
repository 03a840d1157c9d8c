/** The part of JSON Schema 2020-12 that node configurations use, and how to read it. */

/** How a form shows a field; the server puts it into the schemas of node types. */
export type FormHints = {
  /** The place among the fields that matter; those without one are folded away. */
  order?: number;
  /** How many lines of text it begins with. */
  lines?: number;
  /** What a number counts. */
  unit?: string;
  /** Fields beside it and their values while it is shown; null for any that is set. */
  when?: Record<string, string[] | null>;
  /** What its choices are called. */
  labels?: Record<string, string>;
  /** Whether it is evaluated when the node's body has run. */
  inside?: boolean;
  /** Whether it tells an entry of a list from the others. */
  identifies?: boolean;
  /** The field beside it that holds the same thing, written here. */
  inline?: string;
  /** The field beside it that keeps the order of its names: the server keeps none. */
  order_in?: string;
  /** The control for a whole object that has no form of single fields. */
  widget?: string;
};

export type JsonSchema = {
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
  type?: string | string[];
  title?: string;
  description?: string;
  /** Ours: template, template-map, cel, markdown, body, hidden, agent, crew, crew-agent, tool, tools, python, flow, provider, model, json-schema; and the standard uuid. */
  format?: string;
  "x-form"?: FormHints;
  default?: unknown;
  enum?: unknown[];
  const?: unknown;
  anyOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  additionalProperties?: boolean | JsonSchema;
  required?: string[];
  items?: JsonSchema;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  minItems?: number;
  maxItems?: number;
  minProperties?: number;
  pattern?: string;
};

/** A schema with its reference followed and its `| null` taken off; `ref` is the name it had in $defs. */
export type Resolved = JsonSchema & { nullable: boolean; ref?: string };

/** Follows `$ref` and unwraps `anyOf: [X, null]`; keywords beside them win. */
export function resolve(schema: JsonSchema, root: JsonSchema): Resolved {
  const { $ref, anyOf, ...own } = schema;
  if ($ref) {
    const ref = $ref.split("/").at(-1) ?? "";
    return { ...resolve(root.$defs?.[ref] ?? {}, root), ...own, ref };
  }
  if (anyOf) {
    const options = anyOf.filter((option) => option.type !== "null");
    const [only] = options;
    const nullable = options.length < anyOf.length;
    if (only && options.length === 1) return { ...resolve(only, root), ...own, nullable };
    return { ...own, anyOf: options, nullable };
  }
  return { ...own, nullable: false };
}

export function hintsOf(schema: JsonSchema): FormHints {
  return schema["x-form"] ?? {};
}

/** The smallest value a new entry of a list starts with: defaults, and empty texts where required. */
export function blank(schema: JsonSchema, root: JsonSchema): unknown {
  const own = resolve(schema, root);
  if (own.default !== undefined) return structuredClone(own.default);
  if (own.nullable) return null;
  if (own.enum) return own.enum[0];
  switch (own.type) {
    case "object":
      return Object.fromEntries(
        Object.entries(own.properties ?? {})
          .filter(([name]) => own.required?.includes(name))
          .map(([name, property]) => [name, blank(property, root)]),
      );
    case "array":
      return [];
    case "boolean":
      return false;
    case "number":
    case "integer":
      return own.minimum ?? 0;
    case "string":
      return "";
    default:
      return null;
  }
}
