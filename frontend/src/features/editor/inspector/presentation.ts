/** Which fields matter first, by what they belong to, and how large a text field starts. */

import type { Path } from "../model/paths";

/** By node kind, or by the name of the schema inside it; what is not named comes under "More". */
const first: Record<string, string[]> = {
  input: ["fields"],
  output: ["values"],
  transform: ["values"],
  condition: ["cases", "else"],
  http_request: ["method", "url", "headers", "body_type", "values"],
  map: ["items", "max_parallel", "on_item_error"],
  loop: ["until", "max_iterations"],
  approval: [
    ...["title", "details", "role", "fields", "notify"],
    ...["escalate_after_seconds", "escalate_to", "deadline_seconds", "on_deadline"],
  ],
  note: ["text"],
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

/** What nothing on this form decides: the body has a canvas of its own, a run fills in the rest. */
const elsewhere = new Set(["body", "hidden"]);

/** Whether the field is to be seen, given what the fields beside it say. */
export function isShown(
  owner: string | undefined,
  name: string,
  format: string | undefined,
  beside: Readonly<Record<string, unknown>>,
): boolean {
  if (elsewhere.has(format ?? "")) return false;
  if (owner === "http_request") {
    const kind = beside.body_type ?? "none";
    if (name === "values") return kind === "json" || kind === "form";
    if (name === "content") return kind !== "none";
  }
  if (owner === "approval") {
    if (name === "on_deadline") return beside.deadline_seconds != null;
    if (name === "escalate_to") return beside.escalate_after_seconds != null;
  }
  return true;
}

/** One line is enough for these; every other template begins with several. */
const short = new Set(["role", "expected_output", "goal", "url", "items", "title"]);

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

/** Choices whose name alone does not say what they do. */
const choices: Record<string, Record<string, string>> = {
  on_item_error: { fail: "Fail the whole", continue: "Give null for it and go on" },
  on_deadline: { fail: "Fail", approve: "Count it as approved", reject: "Count it as rejected" },
  role: { member: "Members and admins", admin: "Admins only" },
  body_type: { none: "None", json: "JSON", form: "Form", text: "Text" },
};

/** What a choice is called; methods and the like stay as they are written. */
export function choiceOf(field: string, value: string): string {
  return choices[field]?.[value] ?? (value === value.toUpperCase() ? value : titleOf(value));
}

/** Where the order of named values is kept: the server keeps no order of names. Undefined where none matters. */
export function orderOf(kind: string, path: Path): Path | undefined {
  const named = kind === "output" || kind === "transform";
  return named && path.at(-1) === "values" ? [...path.slice(0, -1), "order"] : undefined;
}
