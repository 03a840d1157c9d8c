/** What was typed into a form is not lost with the page: the browser asks first. */
import { render } from "@testing-library/react";
import { expect, it } from "vitest";
import { FormSheet } from "./form-sheet";
import { TooltipProvider } from "./tooltip";

function leave(): boolean {
  const event = new Event("beforeunload", { cancelable: true });
  window.dispatchEvent(event);
  return !event.defaultPrevented;
}

it("is left without a question only when nothing is unsaved", () => {
  const sheet = (dirty: boolean, readOnly = false) => (
    <FormSheet
      title="New agent"
      verb="Save"
      onClose={() => undefined}
      readOnly={readOnly}
      form={{ onSubmit: () => Promise.resolve(), saving: false, dirty }}
    >
      <input aria-label="Name" />
    </FormSheet>
  );
  const { rerender, unmount } = render(sheet(false), { wrapper: TooltipProvider });
  expect(leave()).toBe(true);
  rerender(sheet(true));
  expect(leave()).toBe(false);
  rerender(sheet(true, true));
  expect(leave()).toBe(true);
  rerender(sheet(true));
  unmount();
  expect(leave()).toBe(true);
});
