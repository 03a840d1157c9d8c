/** A setting is what was typed, or what it was before. */
import { fireEvent, render, screen } from "@testing-library/react";
import { useState } from "react";
import { expect, it } from "vitest";
import { NumberInput } from "./number-input";

const kept: { days?: number | null } = {};

function Form() {
  const [value, setValue] = useState<number | null>(30);
  Object.assign(kept, { days: value });
  return (
    <NumberInput aria-label="Days" min={1} max={32} step={1} value={value} onChange={setValue} />
  );
}

function field() {
  return screen.getByLabelText<HTMLInputElement>("Days");
}

it.each(["1-2", "1e", "3o", "1,5", "-"])("does not take %s for nothing", (text) => {
  render(<Form />);
  fireEvent.change(field(), { target: { value: text } });
  expect(field().value).toBe(text);
  expect(kept.days).toBe(30);
  expect(screen.getByRole("alert").textContent).toContain("The last valid value is used");
  fireEvent.change(field(), { target: { value: "" } });
  expect([kept.days, screen.queryByRole("alert")]).toEqual([null, null]);
});

it("goes up and down by the arrow keys, within its bounds", () => {
  render(<Form />);
  for (const key of ["ArrowUp", "ArrowUp", "ArrowUp"]) fireEvent.keyDown(field(), { key });
  expect([kept.days, field().value]).toEqual([32, "32"]);
  fireEvent.keyDown(field(), { key: "ArrowDown" });
  expect(kept.days).toBe(31);
});
