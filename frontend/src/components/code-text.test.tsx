import { render } from "@testing-library/react";
import { expect, test } from "vitest";
import { CodeText } from "./code-text";

const html = (text: string) => render(<CodeText text={text} />).container;

test("what stands between backticks is code", () => {
  const shown = html("The input `topic` is required, and `tone` is not.");
  expect([...shown.querySelectorAll("code")].map((code) => code.textContent)).toEqual([
    "topic",
    "tone",
  ]);
  expect(shown.textContent).toBe("The input topic is required, and tone is not.");
});

test("a backtick alone stays what it is", () => {
  expect(html("It reads ` there").innerHTML).toBe("It reads ` there");
});
