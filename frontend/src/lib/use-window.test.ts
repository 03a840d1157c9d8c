/** A window over a long list draws what is seen and keeps the room of the rest. */
import { describe, expect, it } from "vitest";
import { spanOf } from "./use-window";

const heights = Array.from({ length: 1000 }, (_, index) => (index === 500 ? 132 : 32));
const total = heights.reduce((sum, height) => sum + height, 0);

describe("the rows in view", () => {
  it.each([
    [-320, 1440],
    [15_000, 17_000],
    [31_000, 40_000],
    [90_000, 99_000],
  ])("from %i to %i", (top, bottom) => {
    const { first, last, above, below } = spanOf(heights, top, bottom);
    const drawn = heights.slice(first, last).reduce((sum, height) => sum + height, 0);
    expect(above + drawn + below).toBe(total);
    expect(above <= Math.max(0, top) || top > total).toBe(true);
    expect(above + drawn >= Math.min(bottom, total)).toBe(true);
    expect(last - first).toBeLessThan(100);
  });

  it("are all of a short list", () => {
    expect(spanOf([32, 32], -320, 800)).toEqual({ first: 0, last: 2, above: 0, below: 0 });
  });
});
