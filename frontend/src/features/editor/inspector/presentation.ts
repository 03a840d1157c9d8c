/** Which fields matter first, by what they belong to, and how large a text field starts. */

/** By node kind, or by the name of the schema inside it; what is not named comes under "More". */
const first: Record<string, string[]> = {
  input: ["fields"],
  output: ["values"],
  transform: ["values"],
  condition: ["cases", "else"],
  http_request: ["method", "url", "headers", "body_type", "values"],
  llm: ["prompt", "model", "output_schema"],
  agent: ["agent_id", "agent", "task"],
  crew: ["crew_id", "crew"],
  AgentConfig: ["role", "goal", "backstory", "model"],
  NamedAgent: ["name", "role", "goal", "backstory", "model"],
  TaskConfig: ["description", "expected_output"],
  NamedTask: ["name", "description", "expected_output", "agent"],
  CrewConfig: ["process", "agents", "tasks"],
  InputField: ["name", "type", "required"],
  Case: ["handle", "when"],
};

/** Tools are chosen by a list of their own, not by typing ids. */
const hidden = new Set(["tool_ids"]);

/** One line is enough for these; every other template begins with several. */
const short = new Set(["role", "expected_output", "goal", "url"]);

/** The fields in the order they are shown. Without a rule of its own, required fields matter. */
export function order(
  names: string[],
  required: string[],
  owner: string | undefined,
): { main: string[]; more: string[] } {
  const shown = names.filter((name) => !hidden.has(name));
  const main = first[owner ?? ""]?.filter((name) => shown.includes(name));
  const chosen = main ?? shown.filter((name) => required.includes(name));
  // A form that is all "More" would hide itself.
  if (chosen.length === 0) return { main: shown, more: [] };
  return { main: chosen, more: shown.filter((name) => !chosen.includes(name)) };
}

export function linesOf(name: string): number {
  return short.has(name) ? 1 : 3;
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
