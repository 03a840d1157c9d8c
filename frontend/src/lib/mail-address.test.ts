/** Forms let through what the server takes for an address, and stop what has not even its shape. */
import { expect, it } from "vitest";
import { mailAddress } from "./mail-address";

it.each([
  ["ada@example.org", true],
  ["o'neil+work@mail.example.org", true],
  ["jürgen@example.org", true],
  ["用户@例子.广告", true],
  ["nobody", false],
  ["ada@", false],
  ["@example.org", false],
  ["ada lovelace@example.org", false],
  ["", false],
])("takes %j for an address: %s", (text, right) => {
  expect(mailAddress.safeParse(text).success).toBe(right);
});
