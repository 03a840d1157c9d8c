/** A failed request offers to be asked again only where that may help. */
import { render, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { ApiError } from "@/lib/api/error";
import { ErrorState } from "./error-state";

it.each([
  [0, true],
  [429, true],
  [503, true],
  [403, false],
  [404, false],
])("status %d: it can be asked again: %s", (status, again) => {
  const error = new ApiError(status, "code", "No", "It went wrong.");
  render(<ErrorState error={error} onRetry={() => {}} />);
  expect(screen.getByRole("alert")).toHaveTextContent("It went wrong.");
  expect(screen.queryAllByRole("button", { name: "Try again" })).toHaveLength(again ? 1 : 0);
});
