/** What is typed becomes what the API takes, and each type asks for what it needs. */
import { expect, it } from "vitest";
import { newProvider, pricesFor, providerSchema, toChange, toCreation } from "./form";

it("asks for the address where the type has no own one", () => {
  const result = providerSchema.safeParse({ ...newProvider, name: "X", provider_type: "vllm" });
  expect(result.error?.issues).toMatchObject([{ path: ["base_url"] }]);
});

it("asks for both prices or neither", () => {
  const prices = [{ model: "gpt-4.1", input: 2, output: null, cached_input: null }];
  const result = providerSchema.safeParse({ ...newProvider, name: "X", prices });
  expect(result.error?.issues).toMatchObject([{ path: ["prices", 0, "output"] }]);
});

it("sends prices by model and only the settings of its type", () => {
  const prices = [
    { model: "gpt-4.1", input: 2, output: 8, cached_input: 0.5 },
    { model: "free", input: null, output: null, cached_input: null },
  ];
  const config = { ...newProvider.config, organization: "org-1", api_version: "v1" };
  const limits = { ...newProvider.limits, silence_seconds: 90 };
  expect(toCreation({ ...newProvider, name: "X", config, limits, prices })).toMatchObject({
    config: {
      prices: { "gpt-4.1": { input: 2, output: 8, cached_input: 0.5 } },
      organization: "org-1",
      silence_seconds: 90,
    },
    api_key: null,
  });
});

it("keeps the stored key while none is typed", () => {
  expect(toChange(newProvider)).not.toHaveProperty("api_key");
  expect(toChange({ ...newProvider, api_key: "k" })).toHaveProperty("api_key", "k");
});

it("has a price row for each model and keeps prices of others", () => {
  const old = [
    { model: "b", input: 1, output: 2, cached_input: null },
    { model: "gone", input: 3, output: 4, cached_input: null },
    { model: "blank", input: null, output: null, cached_input: null },
  ];
  expect(pricesFor(["a", "b"], old).map(({ model }) => model)).toEqual(["a", "b", "gone"]);
});
