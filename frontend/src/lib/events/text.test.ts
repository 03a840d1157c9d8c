/** A growing text is the same as the pieces joined, and its tail are its last full lines. */
import { expect, it } from "vitest";
import { GrowingText } from "./text";

it("joins its pieces in blocks", () => {
  const text = new GrowingText();
  const pieces = Array.from({ length: 5000 }, (_, index) => `${index} `);
  pieces.forEach((piece) => text.append(piece));
  text.append("");
  expect(String(text)).toBe(pieces.join(""));
  expect(text.length).toBe(pieces.join("").length);
  expect(text.blocks.length).toBeLessThan(10);
});

it("tells its last lines", () => {
  const text = new GrowingText();
  expect(text.tail(3)).toBe("");
  for (let line = 1; line <= 2000; line += 1) text.append(`line ${line}\n\n`);
  expect(text.tail(2)).toBe("line 1999\nline 2000");
  text.append("x".repeat(1000));
  expect(text.tail(3, 10)).toBe("x".repeat(10));
});
