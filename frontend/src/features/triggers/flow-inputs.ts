/** What a trigger needs of the flow that it starts. */

type Definition = { nodes?: { type?: string; config?: { fields?: { name?: string }[] } }[] };

/** The inputs that a flow asks for, as far as its draft can be read. */
export function inputNames(definition: unknown): string[] {
  const { nodes } = (definition ?? {}) as Definition;
  if (!Array.isArray(nodes)) return [];
  const fields = nodes.find(({ type }) => type === "input")?.config?.fields;
  return Array.isArray(fields) ? fields.flatMap(({ name }) => (name ? [name] : [])) : [];
}
