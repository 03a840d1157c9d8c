/** The provider form's values, its rules, and how they become what the API takes. */
import * as z from "zod";
import type { Schema } from "@/lib/api/client";
import type { Provider, ProviderType } from "./api";
import { providerTypes } from "./types";

const amount = z
  .number()
  .min(0, "Enter 0 or more.")
  .max(100_000, "Enter 100,000 or less.")
  .nullable();

const text = z.string().trim();

const seconds = z
  .number()
  .gt(0, "Enter more than 0.")
  .max(86_400, "Enter 86,400 or less.")
  .nullable();

export const providerSchema = z
  .object({
    provider_type: z.enum(Object.keys(providerTypes) as [ProviderType, ...ProviderType[]]),
    name: text.min(1, "Give the provider a name.").max(200, "Use at most 200 characters."),
    base_url: text,
    api_key: text,
    models: z.array(z.string()),
    priority: z
      .number("Enter a number.")
      .int("Enter a whole number.")
      .min(0, "Enter 0 or more.")
      .max(100_000, "Enter 100,000 or less."),
    is_active: z.boolean(),
    config: z.object({
      organization: text,
      api_version: text,
      aws_region_name: text,
      aws_access_key_id: text,
    }),
    limits: z.object({
      first_token_seconds: seconds,
      silence_seconds: seconds,
      timeout_seconds: seconds,
    }),
    /** A list, as names of models may hold dots, which would read as paths of fields. */
    prices: z.array(
      z.object({ model: z.string(), input: amount, output: amount, cached_input: amount }),
    ),
  })
  .superRefine((values, context) => {
    if (providerTypes[values.provider_type].address === "needed" && !values.base_url) {
      const message = "Enter the address. This type of provider needs an address.";
      context.addIssue({ code: "custom", path: ["base_url"], message });
    }
    if (values.base_url && !/^https?:\/\/\S+$/.test(values.base_url)) {
      const message = "Enter an address that begins with http:// or https://.";
      context.addIssue({ code: "custom", path: ["base_url"], message });
    }
    values.prices.forEach(({ input, output, cached_input }, index) => {
      if (cached_input !== null && input === null && output === null) {
        const message = "Enter the other prices too.";
        context.addIssue({ code: "custom", path: ["prices", index, "cached_input"], message });
      }
      if ((input === null) === (output === null)) return;
      const path = ["prices", index, input === null ? "input" : "output"];
      context.addIssue({ code: "custom", path, message: "Enter both prices, or neither." });
    });
  });

export type ProviderValues = z.infer<typeof providerSchema>;

export const newProvider: ProviderValues = {
  provider_type: "openai",
  name: "",
  base_url: "",
  api_key: "",
  models: [],
  priority: 100,
  is_active: true,
  config: { organization: "", api_version: "", aws_region_name: "", aws_access_key_id: "" },
  limits: { first_token_seconds: null, silence_seconds: null, timeout_seconds: null },
  prices: [],
};

export function toValues(provider: Provider): ProviderValues {
  const { config } = provider;
  return {
    provider_type: provider.provider_type,
    name: provider.name,
    base_url: provider.base_url ?? "",
    api_key: "",
    models: provider.models,
    priority: provider.priority,
    is_active: provider.is_active,
    config: {
      organization: config.organization ?? "",
      api_version: config.api_version ?? "",
      aws_region_name: config.aws_region_name ?? "",
      aws_access_key_id: config.aws_access_key_id ?? "",
    },
    limits: {
      first_token_seconds: config.first_token_seconds ?? null,
      silence_seconds: config.silence_seconds ?? null,
      timeout_seconds: config.timeout_seconds ?? null,
    },
    prices: pricesFor(provider.models, readPrices(provider)),
  };
}

type ModelPrice = ProviderValues["prices"][number];

function readPrices({ config }: Provider): ModelPrice[] {
  return Object.entries(config.prices ?? {}).map(([model, { input, output, cached_input }]) => ({
    model,
    input: Number(input),
    output: Number(output),
    cached_input: cached_input == null ? null : Number(cached_input),
  }));
}

/** A row for each model, and for what has a price without being listed: it may still be asked for. */
export function pricesFor(models: string[], prices: ModelPrice[]): ModelPrice[] {
  const known = new Map(prices.map((price) => [price.model, price]));
  const others = prices.filter(
    ({ model, input, output }) => !models.includes(model) && (input !== null || output !== null),
  );
  return [
    ...models.map(
      (model) => known.get(model) ?? { model, input: null, output: null, cached_input: null },
    ),
    ...others,
  ];
}

/** What both creating and changing send. An address the type has no field for is not sent. */
function toCommon(values: ProviderValues) {
  const info = providerTypes[values.provider_type];
  const prices: Record<string, { input: number; output: number; cached_input?: number }> = {};
  for (const { model, input, output, cached_input } of values.prices) {
    if (input === null || output === null) continue;
    prices[model] = { input, output, ...(cached_input === null ? {} : { cached_input }) };
  }
  const config: Schema<"ProviderConfig-Input"> = { ...values.limits, prices };
  for (const { name } of info.config) config[name] = values.config[name] || null;
  return {
    name: values.name,
    models: values.models,
    priority: values.priority,
    is_active: values.is_active,
    config,
    ...(info.address === "none" ? {} : { base_url: values.base_url || null }),
  };
}

export function toCreation(values: ProviderValues): Schema<"ProviderIn"> {
  const { provider_type, api_key } = values;
  return { ...toCommon(values), provider_type, api_key: api_key || null };
}

/** An empty key keeps the stored one. */
export function toChange(values: ProviderValues): Schema<"ProviderPatch"> {
  return { ...toCommon(values), ...(values.api_key ? { api_key: values.api_key } : {}) };
}
