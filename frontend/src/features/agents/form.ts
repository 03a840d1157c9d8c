/** The agent form's values, its rules, and how they become what the API takes. */
import * as z from "zod/mini";
import type { Agent, AgentBody } from "./api";

const whole = (least: number, most: number) =>
  z
    .number("Enter a number.")
    .check(
      z.int("Enter a whole number."),
      z.gte(least, `Enter ${least} or more.`),
      z.lte(most, `Enter ${most.toLocaleString("en-US")} or less.`),
    );

const seconds = z.nullable(
  z
    .number("Enter a number.")
    .check(z.gt(0, "Enter more than 0."), z.lte(86_400, "Enter 86,400 or less.")),
);

export const agentSchema = z.object({
  name: z
    .string()
    .check(
      z.trim(),
      z.minLength(1, "Give the agent a name."),
      z.maxLength(200, "Use at most 200 characters."),
    ),
  role: z
    .string()
    .check(z.trim(), z.minLength(1, "Give the agent a role, e.g. “Senior researcher”.")),
  goal: z.string().check(z.trim(), z.minLength(1, "Say what the agent should achieve.")),
  backstory: z.string().check(z.trim()),
  /** Empty: the default. */
  provider_id: z.string(),
  model: z.string().check(z.trim(), z.maxLength(200, "Use at most 200 characters.")),
  tool_ids: z.array(z.string()),
  config: z.object({
    max_iter: whole(1, 100),
    temperature: z.nullable(
      z.number("Enter a number.").check(z.gte(0, "Enter 0 or more."), z.lte(2, "Enter 2 or less.")),
    ),
    max_tokens: z.nullable(whole(1, 1_000_000)),
    allow_delegation: z.boolean(),
    respect_context_window: z.boolean(),
    use_system_prompt: z.boolean(),
    inject_date: z.boolean(),
    reasoning: z.boolean(),
    max_reasoning_attempts: z.nullable(whole(1, 10)),
    llm_timeout_seconds: seconds,
    first_token_seconds: seconds,
    silence_seconds: seconds,
  }),
});

export type AgentValues = z.infer<typeof agentSchema>;

export const newAgent: AgentValues = {
  name: "",
  role: "",
  goal: "",
  backstory: "",
  provider_id: "",
  model: "",
  tool_ids: [],
  config: {
    max_iter: 20,
    temperature: null,
    max_tokens: null,
    allow_delegation: false,
    respect_context_window: true,
    use_system_prompt: true,
    inject_date: false,
    reasoning: false,
    max_reasoning_attempts: null,
    llm_timeout_seconds: null,
    first_token_seconds: null,
    silence_seconds: null,
  },
};

export function toValues(agent: Agent): AgentValues {
  const { name, role, goal, backstory, tool_ids } = agent;
  return {
    ...{ name, role, goal, backstory, tool_ids },
    provider_id: agent.provider_id ?? "",
    model: agent.model ?? "",
    // An option that was never set is not stored; then the default holds.
    config: { ...newAgent.config, ...agent.config },
  };
}

export function toBody(values: AgentValues): AgentBody {
  return { ...values, provider_id: values.provider_id || null, model: values.model || null };
}
