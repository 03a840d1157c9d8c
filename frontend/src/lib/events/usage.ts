/** Adding up what model calls used. */
import type { Usage } from "./types";

export const NO_USAGE: Usage = {
  prompt_tokens: 0,
  completion_tokens: 0,
  total_tokens: 0,
  cached_tokens: 0,
  reasoning_tokens: 0,
  cost_usd: 0,
  llm_calls: 0,
};

/** Pico-dollars: finer than any price of a token, and free of the noise of binary fractions. */
const COST_STEPS = 1e12;

export function addUsage(one: Usage, other: Usage): Usage {
  return {
    prompt_tokens: one.prompt_tokens + other.prompt_tokens,
    completion_tokens: one.completion_tokens + other.completion_tokens,
    total_tokens: one.total_tokens + other.total_tokens,
    cached_tokens: (one.cached_tokens ?? 0) + (other.cached_tokens ?? 0),
    reasoning_tokens: (one.reasoning_tokens ?? 0) + (other.reasoning_tokens ?? 0),
    cost_usd: Math.round((one.cost_usd + other.cost_usd) * COST_STEPS) / COST_STEPS,
    llm_calls: one.llm_calls + other.llm_calls,
  };
}
