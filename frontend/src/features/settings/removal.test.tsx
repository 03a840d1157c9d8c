/** Whoever removes a member sees what they leave at work, and chooses about that and nothing else. */
import { fireEvent, render, screen } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { RemovalChoices } from "./parts/remove-member";
import { choicesFor, keepAll, keysLost } from "./removal";

const nothing = { schedules: 0, webhooks: 0, executions: 0, keys: [] };
const key = { id: "k", name: "CI", hint: "wb_…abcd", flow_ids: null };

it("offers a choice for what there is", () => {
  expect(choicesFor(nothing)).toEqual([]);
  const labels = choicesFor({ ...nothing, schedules: 1, executions: 2 }).map(({ label }) => label);
  expect(labels).toEqual([
    "1 schedule they created",
    "2 executions they started that have not ended",
  ]);
});

it("names the keys that end", () => {
  expect(keysLost(nothing)).toBeNull();
  expect(keysLost({ ...nothing, keys: [key] })).toBe(
    "This API key stops working: “CI” (wb_…abcd).",
  );
});

it("keeps everything unless something else is chosen", () => {
  const onChange = vi.fn();
  const belongings = { ...nothing, schedules: 3, webhooks: 1, keys: [key] };
  render(<RemovalChoices belongings={belongings} removal={keepAll} onChange={onChange} />);
  expect(screen.getAllByRole("radio", { name: "Keep running", checked: true })).toHaveLength(2);
  expect(screen.getByText(/CI/)).toBeVisible();
  const [first] = screen.getAllByRole("radio", { name: "Switch off" });
  fireEvent.click(first!);
  expect(onChange).toHaveBeenCalledWith({ ...keepAll, schedules: "pause" });
});
