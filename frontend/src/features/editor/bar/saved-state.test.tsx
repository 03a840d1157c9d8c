/** The top line says in few words whether the flow is saved, and the whole sentence to whoever asks, by any means. */
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import { TooltipProvider } from "@/components/tooltip";
import type { SaveState } from "../autosave";
import { SavedState } from "./saved-state";

function show(state: SaveState, halfTyped = false) {
  const told = { onRetry: vi.fn(), onReload: vi.fn(), onOverwrite: vi.fn() };
  render(
    <TooltipProvider>
      <SavedState state={state} halfTyped={halfTyped} {...told} />
    </TooltipProvider>,
  );
  return told;
}

it.each<[SaveState, string]>([
  [{ kind: "saved" }, "Saved"],
  [{ kind: "unsaved" }, "Edited"],
  [{ kind: "saving" }, "Saving…"],
])("says %o", (state, words) => {
  show(state);
  expect(screen.getByRole("status")).toHaveTextContent(new RegExp(`^${words}$`));
});

const away = "No answer came. Check the connection.";

it.each<[SaveState, boolean, string, string]>([
  [{ kind: "saved" }, true, "Not all saved", "some fields are not valid, so they are not saved."],
  [{ kind: "failed", reason: away, again: true }, false, "Not saved", "tries again automatically."],
  [{ kind: "failed", reason: "It is wrong.", again: false }, false, "Not saved", "It is wrong."],
])("says the rest of %o when it has the focus", async (state, halfTyped, short, rest) => {
  show(state, halfTyped);
  // What is drawn is short; what is read out is whole.
  const words = screen.getByRole("button", { name: new RegExp(`^${short}`) });
  expect(words.firstChild).toHaveTextContent(short);
  expect(screen.getByRole("status")).toHaveTextContent(rest);
  expect(screen.queryByRole("tooltip")).toBeNull();
  await userEvent.tab();
  expect(words).toHaveFocus();
  expect(await screen.findByRole("tooltip")).toHaveTextContent(`${short}: `);
  expect(screen.getByRole("tooltip")).toHaveTextContent(rest);
});

it("offers to try again at once", async () => {
  const { onRetry } = show({ kind: "failed", reason: away, again: true });
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(onRetry).toHaveBeenCalledOnce();
});

it("asks what to do about somebody else's version, and asks again when that was closed", async () => {
  const { onReload, onOverwrite } = show({ kind: "conflict" });
  const ask = "This flow was changed elsewhere";
  expect(screen.getByRole("dialog", { name: ask })).toBeVisible();
  await userEvent.keyboard("{Escape}");
  expect(screen.queryByRole("dialog")).toBeNull();
  await userEvent.click(screen.getByRole("button", { name: "Not saved: changed elsewhere" }));
  await userEvent.click(screen.getByRole("button", { name: "Overwrite" }));
  expect([onReload.mock.calls.length, onOverwrite.mock.calls.length]).toEqual([0, 1]);
});
