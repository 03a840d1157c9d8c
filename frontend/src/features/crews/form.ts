/** The crew form's values, its rules, and how they become what the API takes. */
import * as z from "zod/mini";
import type { Crew, CrewBody } from "./api";
import { parseJson, writeJson } from "@/lib/json";

const text = z.string().check(z.trim());

const task = z.object({
  /** Known only here: tasks are read by key, so that renaming one breaks nothing. */
  key: z.string(),
  name: text.check(
    z.minLength(1, "Give the task a name."),
    z.maxLength(200, "Use at most 200 characters."),
  ),
  description: text.check(z.minLength(1, "Say what the agent should do.")),
  expected_output: text.check(z.minLength(1, "Say what the result should look like.")),
  /** Empty: the manager hands it out. */
  agent_id: z.string(),
  /** Keys of the tasks whose output it reads. */
  context: z.array(z.string()),
  /** What may be used besides the agent's own tools. */
  tool_ids: z.array(z.string()),
  /** JSON text; empty: any answer will do. */
  output_schema: z
    .string()
    .check(z.refine(isSchema, "Enter a JSON Schema, i.e. an object in braces.")),
});

export const crewSchema = z
  .object({
    name: text.check(
      z.minLength(1, "Give the crew a name."),
      z.maxLength(200, "Use at most 200 characters."),
    ),
    description: text.check(z.maxLength(2000, "Use at most 2,000 characters.")),
    process: z.enum(["sequential", "hierarchical"]),
    agent_ids: z.array(z.string()).check(z.minLength(1, "Choose at least one agent.")),
    manager_agent_id: z.string(),
    tasks: z.array(task).check(z.minLength(1, "Add at least one task.")),
  })
  .check(
    z.superRefine(({ process, tasks, agent_ids, manager_agent_id }, context) => {
      const say = (path: (string | number)[], message: string) =>
        context.addIssue({ code: "custom", path, message });
      tasks.forEach(({ name, agent_id }, index) => {
        if (process === "sequential" && !agent_id) {
          say(["tasks", index, "agent_id"], "In a sequential crew each task needs an agent.");
        } else if (agent_id && !agent_ids.includes(agent_id)) {
          say(["tasks", index, "agent_id"], "This agent is no longer in the crew.");
        }
        const first = tasks.findIndex((other) => other.name === name);
        if (name && first < index) say(["tasks", index, "name"], `There are two tasks “${name}”.`);
      });
      if (process === "hierarchical" && agent_ids.includes(manager_agent_id)) {
        const message =
          "The manager cannot be one of the crew’s agents. Choose another manager, or remove it from the agents.";
        say(["manager_agent_id"], message);
      }
    }),
  );

export type CrewValues = z.infer<typeof crewSchema>;
export type TaskValues = CrewValues["tasks"][number];

let keys = 0;

function newKey(): string {
  keys += 1;
  return `task-${keys}`;
}

export function newTask(agent_id = ""): TaskValues {
  return {
    ...{ key: newKey(), agent_id, name: "", description: "", expected_output: "" },
    context: [],
    tool_ids: [],
    output_schema: "",
  };
}

export function newCrew(): CrewValues {
  return {
    name: "",
    description: "",
    process: "sequential",
    agent_ids: [],
    manager_agent_id: "",
    tasks: [newTask()],
  };
}

export function toValues(crew: Crew): CrewValues {
  const byName = new Map(crew.tasks.map(({ name }) => [name, newKey()]));
  const keyOf = (name: string) => byName.get(name) ?? name;
  return {
    name: crew.name,
    description: crew.description ?? "",
    process: crew.process,
    agent_ids: crew.agent_ids,
    manager_agent_id: crew.manager_agent_id ?? "",
    tasks: crew.tasks.map((task) => ({
      key: keyOf(task.name),
      name: task.name,
      description: task.description,
      expected_output: task.expected_output,
      agent_id: task.agent_id ?? "",
      context: (task.context ?? []).map(keyOf),
      tool_ids: task.tool_ids ?? [],
      output_schema: task.output_schema ? writeJson(task.output_schema, 2) : "",
    })),
  };
}

/** A task reads only tasks before it: what has moved behind it is left out. */
export function toBody(values: CrewValues): CrewBody {
  const hierarchical = values.process === "hierarchical";
  return {
    name: values.name,
    description: values.description || null,
    process: values.process,
    agent_ids: values.agent_ids,
    manager_agent_id: (hierarchical && values.manager_agent_id) || null,
    tasks: values.tasks.map((task, index) => ({
      name: task.name,
      description: task.description,
      expected_output: task.expected_output,
      agent_id: task.agent_id || null,
      context: values.tasks
        .slice(0, index)
        .filter(({ key }) => task.context.includes(key))
        .map(({ name }) => name),
      output_schema: readSchema(task.output_schema),
      tool_ids: task.tool_ids,
    })),
    config: {},
  };
}

function readSchema(text: string): Record<string, unknown> | null {
  return text.trim() ? (parseJson(text) as Record<string, unknown>) : null;
}

function isSchema(text: string): boolean {
  if (!text.trim()) return true;
  try {
    const value = parseJson(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
