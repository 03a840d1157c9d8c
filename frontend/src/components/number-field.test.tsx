/** What people type as a number goes on as it is, or not at all. */
import { fireEvent, render, screen } from "@testing-library/react";
import { useState } from "react";
import { expect, it } from "vitest";
import { DraftsProvider, useFormDrafts } from "./drafts";
import { NumberField } from "./number-field";

const said: { value?: unknown; drafts?: Readonly<Record<string, string>> } = {};

function Form() {
  const drafts = useFormDrafts();
  const [value, setValue] = useState<number | bigint | null>(7);
  Object.assign(said, { value, drafts: drafts.texts });
  return (
    <DraftsProvider value={drafts}>
      <NumberField aria-label="Count" name="count" value={value} onChange={setValue} />
    </DraftsProvider>
  );
}

function type(text: string) {
  const field = screen.getByLabelText<HTMLInputElement>("Count");
  fireEvent.change(field, { target: { value: text } });
  return field;
}

it.each([
  "1,5",
  "1e400",
  "1e-400",
  "0x10",
  "1_000",
  "seven",
  "9223372036854775808",
  "9".repeat(400),
])("keeps %s in its field, and says why it is no number", (text) => {
  render(<Form />);
  const field = type(text);
  expect(field.value).toBe(text);
  expect(field.getAttribute("aria-invalid")).toBe("true");
  expect(screen.getByRole("alert").textContent).toMatch(
    /^(Write decimals|This is not a valid number)/,
  );
  expect(said.drafts).toEqual({ count: text });
  type("");
  expect(screen.queryByRole("alert")).toBeNull();
  expect(said).toEqual({ value: null, drafts: {} });
});

it.each([
  ["9007199254740993", 9007199254740993n],
  ["1.50", 1.5],
  ["1e3", 1000],
])("takes %s over as it is typed", (text, value) => {
  render(<Form />);
  expect(type(text).value).toBe(text);
  expect(said).toEqual({ value, drafts: {} });
});
