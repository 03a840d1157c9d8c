/** What each type of provider is called and which fields matter for it. */
import type { ProviderType } from "./api";

/** Where a field stands: in view, and needed or not; under "More"; or nowhere. */
type Place = "needed" | "optional" | "more" | "none";

export type ConfigField = "organization" | "api_version" | "aws_region_name" | "aws_access_key_id";

export type TypeInfo = {
  label: string;
  /** One line that helps to choose it. */
  hint: string;
  address: Place;
  addressExample: string;
  key: Place;
  keyLabel: string;
  /** A model's name as this provider writes it. */
  modelExample: string;
  modelsLabel: string;
  config: readonly { name: ConfigField; label: string; example: string; place: Place }[];
};

const hosted = {
  address: "more",
  addressExample: "",
  key: "optional",
  keyLabel: "API key",
  modelsLabel: "Models",
  config: [],
} as const;

export const providerTypes: Record<ProviderType, TypeInfo> = {
  openai: {
    ...hosted,
    label: "OpenAI",
    hint: "GPT models from OpenAI",
    addressExample: "https://api.openai.com/v1",
    modelExample: "gpt-4.1",
    config: [{ name: "organization", label: "Organization", example: "org-…", place: "more" }],
  },
  anthropic: {
    ...hosted,
    label: "Anthropic",
    hint: "Claude models from Anthropic",
    addressExample: "https://api.anthropic.com",
    modelExample: "claude-sonnet-4-5",
  },
  gemini: {
    ...hosted,
    label: "Google Gemini",
    hint: "Gemini models from Google AI Studio",
    addressExample: "https://generativelanguage.googleapis.com",
    modelExample: "gemini-2.5-pro",
  },
  azure: {
    ...hosted,
    label: "Azure OpenAI",
    hint: "Your own deployments on Azure",
    address: "needed",
    addressExample: "https://example.openai.azure.com",
    modelsLabel: "Deployments",
    modelExample: "my-gpt-4-1",
    config: [
      {
        name: "api_version",
        label: "API version",
        example: "2025-04-01-preview",
        place: "optional",
      },
    ],
  },
  bedrock: {
    ...hosted,
    label: "Amazon Bedrock",
    hint: "Models on your AWS account",
    address: "none",
    keyLabel: "Secret access key",
    modelExample: "anthropic.claude-sonnet-4-20250514-v1:0",
    config: [
      { name: "aws_region_name", label: "Region", example: "eu-central-1", place: "optional" },
      { name: "aws_access_key_id", label: "Access key id", example: "AKIA…", place: "optional" },
    ],
  },
  ollama: {
    ...hosted,
    label: "Ollama",
    hint: "Models on your own machine, without a key",
    address: "optional",
    addressExample: "http://localhost:11434",
    key: "more",
    modelExample: "llama3.3",
  },
  vllm: {
    ...hosted,
    label: "vLLM",
    hint: "Your own vLLM server",
    address: "needed",
    addressExample: "http://gpu-host:8000/v1",
    modelExample: "Qwen/Qwen3-32B",
  },
  openai_compatible: {
    ...hosted,
    label: "OpenAI-compatible",
    hint: "Any server that speaks OpenAI’s API",
    address: "needed",
    addressExample: "https://llm.example.org/v1",
    modelExample: "my-model",
  },
  demo: {
    ...hosted,
    label: "Demo",
    hint: "Scripted answers that come with Watchbill: no AI, no key",
    address: "none",
    key: "none",
    modelExample: "demo",
  },
};

/** In the order they are offered; the demo is not made by hand. */
export const offeredTypes = (Object.keys(providerTypes) as ProviderType[]).filter(
  (type) => type !== "demo",
);
