/** A stored agent goes through the form unchanged, and empty choices mean the default. */
import { expect, it } from "vitest";
import type { Agent } from "./api";
import { agentSchema, newAgent, toBody, toValues } from "./form";

const stored: Agent = {
  id: "a1",
  name: "Ada",
  role: "Researcher",
  goal: "Find facts",
  backstory: "",
  model: null,
  provider_id: null,
  tool_ids: [],
  config: { ...newAgent.config, max_iter: 7 },
  created_at: "2026-01-01T00:00:00Z",
  updated_at: "2026-01-01T00:00:00Z",
};

it("keeps what is stored", () => {
  const body = toBody(toValues(stored));
  expect(body).toMatchObject({ name: "Ada", model: null, provider_id: null });
  expect(body.config).toEqual(stored.config);
});

it("fills in options that were never set", () => {
  const partial = { max_iter: 3 } as Agent["config"];
  expect(toValues({ ...stored, config: partial }).config).toEqual({
    ...newAgent.config,
    max_iter: 3,
  });
});

it("asks for what an agent cannot do without", () => {
  const paths = agentSchema.safeParse(newAgent).error?.issues.map(({ path }) => path[0]);
  expect(paths).toEqual(["name", "role", "goal"]);
});
