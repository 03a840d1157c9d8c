/** Tasks keep reading each other through renames and moves, and inputs are found in texts. */
import { describe, expect, it } from "vitest";
import type { Crew } from "./api";
import { crewSchema, newCrew, toBody, toValues } from "./form";
import { inputNames } from "./inputs";

const task = { description: "d", expected_output: "e", agent_id: "a1" };
const crew: Crew = {
  id: "c1",
  name: "Desk",
  description: null,
  process: "sequential",
  agent_ids: ["a1"],
  tasks: [
    { ...task, name: "find", context: [], tool_ids: ["t1"], output_schema: { type: "object" } },
    { ...task, name: "write", context: ["find"], tool_ids: [], output_schema: null },
  ],
  manager_agent_id: null,
  config: {},
  created_at: "2026-01-01T00:00:00Z",
  updated_at: "2026-01-01T00:00:00Z",
};

const paths = (values: unknown) =>
  crewSchema.safeParse(values).error?.issues.map(({ path }) => path.join("."));

describe("the form", () => {
  it("keeps what is stored", () => {
    expect(toBody(toValues(crew))).toMatchObject({ name: "Desk", tasks: crew.tasks });
  });
  it("renames a task where it is read", () => {
    const values = toValues(crew);
    values.tasks[0]!.name = "search";
    expect(toBody(values).tasks[1]?.context).toEqual(["search"]);
  });
  it("does not read a task that has moved behind", () => {
    const values = toValues(crew);
    values.tasks.reverse();
    expect(toBody(values).tasks.map(({ context }) => context)).toEqual([[], []]);
  });
  it("needs a name, agents and a task that says what to do", () => {
    expect(paths(newCrew())).toEqual(
      expect.arrayContaining(["name", "agent_ids", "tasks.0.name", "tasks.0.description"]),
    );
  });
  it("needs an agent of the crew for each task in a sequence", () => {
    const values = toValues(crew);
    values.tasks[0]!.agent_id = "";
    values.tasks[1]!.agent_id = "gone";
    expect(paths(values)).toEqual(["tasks.0.agent_id", "tasks.1.agent_id"]);
  });
  it("lets a manager hand tasks out, but not be one of the agents", () => {
    const values = { ...toValues(crew), process: "hierarchical", manager_agent_id: "a1" };
    values.tasks[0]!.agent_id = "";
    expect(paths(values)).toEqual(["manager_agent_id"]);
  });
  it("refuses two tasks of one name and a schema that is no object", () => {
    const values = toValues(crew);
    values.tasks[1]!.name = "find";
    values.tasks[0]!.output_schema = "[1]";
    expect(paths(values)).toEqual(["tasks.0.output_schema", "tasks.1.name"]);
  });
});

it.each([
  ["Facts on {{ inputs.topic }} and {{inputs.topic}}", ["topic"]],
  ['{{ inputs["two words"] + inputs.other }}', ["two words", "other"]],
  ["inputs.outside {{ nodes.inputs }}", []],
])("finds the inputs of %s", (text, names) => expect(inputNames([text])).toEqual(names));
