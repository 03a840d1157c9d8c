/** What a flow asks for when it runs, read from the flow's Input node. */
import type { InputField } from "@/lib/inputs";
import type { FlowDefinition } from "./definition";

/** The declared fields that have a name; required unless they say otherwise. */
export function inputFields(flow: FlowDefinition): InputField[] {
  const input = flow.nodes.find((node) => node.type === "input");
  const fields = input?.config.fields;
  return (Array.isArray(fields) ? (fields as Partial<InputField>[]) : [])
    .filter((field) => typeof field.name === "string" && field.name !== "")
    .map((field) => ({ ...field, name: String(field.name), required: field.required ?? true }));
}
