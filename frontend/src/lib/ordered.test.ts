import { expect, it } from "vitest";
import { inOrder } from "./ordered";

it("puts what its author named first, and the rest behind", () => {
  const values = { apple: 1, cherry: 2, zebra: 3 };
  expect(Object.keys(inOrder(values, ["zebra", "gone", "apple"]))).toEqual([
    "zebra",
    "apple",
    "cherry",
  ]);
  expect(Object.keys(inOrder(values, undefined))).toEqual(["apple", "cherry", "zebra"]);
  expect(inOrder(values, ["toString", 7, null])).toEqual(values);
});
