/** The agent form's values, its rules, and how they become what the API takes. */
import * as z from "zod";
import type { Agent, AgentBody } from "./api";

const whole = (least: number, most: number) =>
  z
    .number("Enter a number.")
    .int("Enter a whole number.")
    .min(least, `Enter ${least} or more.`)
    .max(most, `Enter ${most.toLocaleString("en-US")} or less.`);

const seconds = z
  .number("Enter a number.")
  .gt(0, "Enter more than 0.")
  .max(86_400, "Enter 86,400 or less.")
  .nullable();

export const agentSchema = z.object({
  name: z.string().trim().min(1, "Give the agent a name.").max(200, "Use at most 200 characters."),
  role: z.string().trim().min(1, "Give the agent a role, e.g. “Senior researcher”."),
  goal: z.string().trim().min(1, "Say what the agent should achieve."),
  backstory: z.string().trim(),
  /** Empty: the default. */
  provider_id: z.string(),
  model: z.string().trim().max(200, "Use at most 200 characters."),
  tool_ids: z.array(z.string()),
  config: z.object({
    max_iter: whole(1, 100),
    temperature: z.number().min(0, "Enter 0 or more.").max(2, "Enter 2 or less.").nullable(),
    max_tokens: whole(1, 1_000_000).nullable(),
    allow_delegation: z.boolean(),
    respect_context_window: z.boolean(),
    use_system_prompt: z.boolean(),
    inject_date: z.boolean(),
    reasoning: z.boolean(),
    max_reasoning_attempts: whole(1, 10).nullable(),
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
