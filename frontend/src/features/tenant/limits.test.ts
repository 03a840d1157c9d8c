/** The words of a tenant's limits. */
import { expect, it } from "vitest";
import { LIMITS } from "./limits";

it("says what each limit allows", () => {
  const words = (amount: number) => LIMITS.map(({ inWords }) => inWords(amount));
  expect(words(0)).toEqual([
    "Any number of requests",
    "Any number of requests",
    "Any number may run",
  ]);
  expect(words(1)).toEqual(["1 request a minute", "1 request a minute", "1 may run at a time"]);
  expect(words(1000)[1]).toBe("1,000 requests a minute");
});
