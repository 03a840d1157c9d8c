/** Rules that are loaded late check as they would have; without them nothing goes through. */
import { expect, it } from "vitest";
import type { Resolver } from "react-hook-form";
import { lateRules } from "./late-rules";

type Named = { name: string };
const options = {
  fields: {},
  names: ["name" as const],
  shouldUseNativeValidation: false,
};
const trimmed: Resolver<Named> = ({ name }) => ({ values: { name: name.trim() }, errors: {} });

it("checks by the rules once they are there", async () => {
  const rules = lateRules(() => Promise.resolve(trimmed));
  const checked = await rules({ name: " Ada " }, undefined, options);
  expect(checked).toEqual({ values: { name: "Ada" }, errors: {} });
});

it("lets nothing through that could not be checked", async () => {
  const rules = lateRules<Named, unknown, Named>(() => Promise.reject(new Error("offline")));
  const checked = await rules({ name: "Ada" }, undefined, options);
  expect(checked.errors.name?.message).toMatch(/could not be checked/);
});
