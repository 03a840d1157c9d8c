/** What is grey says why, to the mouse, the keyboard and the screen reader, and does nothing. */
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import { Button } from "./button";
import { TooltipProvider } from "./tooltip";

function show(props: Parameters<typeof Button>[0]) {
  const told = { onClick: vi.fn(), onSubmit: vi.fn((event: Event) => event.preventDefault()) };
  render(
    <TooltipProvider>
      <form onSubmit={(event) => told.onSubmit(event.nativeEvent)}>
        <Button type="submit" {...props} onClick={told.onClick}>
          Save
        </Button>
      </form>
    </TooltipProvider>,
  );
  return told;
}

it("says what stands in its way and is not used", async () => {
  const { onClick, onSubmit } = show({ obstacle: "Nothing has changed yet." });
  const button = screen.getByRole("button", { name: "Save" });
  expect(button).toHaveAttribute("aria-disabled", "true");
  await userEvent.tab();
  expect(button).toHaveFocus();
  expect(await screen.findByRole("tooltip")).toHaveTextContent("Nothing has changed yet.");
  await userEvent.click(button);
  await userEvent.keyboard("{Enter}");
  expect(onClick).not.toHaveBeenCalled();
  expect(onSubmit).not.toHaveBeenCalled();
});

it("is used when nothing does", async () => {
  const { onClick, onSubmit } = show({ obstacle: null });
  await userEvent.click(screen.getByRole("button", { name: "Save" }));
  expect([onClick.mock.calls.length, onSubmit.mock.calls.length]).toEqual([1, 1]);
});

it("looks as grey as it is told to", () => {
  show({ "aria-disabled": true });
  expect(screen.getByRole("button", { name: "Save" })).toHaveAttribute("aria-disabled", "true");
});
