/** Durations, money, tokens and times read as people write them. */
import { describe, expect, it } from "vitest";
import { formatDuration, formatMoney, formatRelative, formatTokens } from "./format";

describe("formatDuration", () => {
  it.each([
    [0, "0 ms"],
    [-5, "0 ms"],
    [340.4, "340 ms"],
    [999.6, "1.0 s"],
    [2_449, "2.4 s"],
    [9_960, "10 s"],
    [59_700, "1 m 00 s"],
    [192_000, "3 m 12 s"],
    [3_599_600, "1 h 00 m"],
    [7_500_000, "2 h 05 m"],
    [273_600_000, "3 d 4 h"],
    [Number.NaN, "–"],
  ])("%d ms is %s", (ms, words) => expect(formatDuration(ms)).toBe(words));
});

describe("formatMoney", () => {
  it.each([
    [0, "$0"],
    [0.00042, "$0.00042"],
    [0.0000371, "$0.000037"],
    [0.05, "$0.05"],
    [0.0999, "$0.10"],
    [0.1, "$0.10"],
    [1234.5, "$1,234.50"],
    [-0.5, "−$0.50"],
    [1e-15, "<$0.0000000001"],
    [Number.POSITIVE_INFINITY, "–"],
  ])("%d is %s", (usd, words) => expect(formatMoney(usd)).toBe(words));
});

describe("formatTokens", () => {
  it.each([
    [0, "0"],
    [812, "812"],
    [1000, "1k"],
    [12_400, "12.4k"],
    [999_960, "1M"],
    [1_300_000, "1.3M"],
  ])("%d is %s", (count, words) => expect(formatTokens(count)).toBe(words));
});

describe("formatRelative", () => {
  const now = Date.UTC(2026, 10, 20, 12);
  it.each([
    [now, "just now"],
    [now - 42_000, "42 s ago"],
    [now - 5 * 60_000, "5 min ago"],
    [now + 2 * 3_600_000, "in 2 h"],
    [now - 3 * 86_400_000, "3 d ago"],
    [Date.UTC(2026, 2, 12, 12), "12 Mar"],
    [Date.UTC(2024, 2, 12, 12), "12 Mar 2024"],
  ])("%d reads %s", (time, words) => expect(formatRelative(time, now)).toBe(words));

  it("counts the last seconds of what lies ahead", () => {
    expect(formatRelative(now + 7000, now)).toBe("just now");
    expect(formatRelative(now + 7000, now, true)).toBe("in 7 s");
    expect(formatRelative(now + 400, now, true)).toBe("now");
    expect(formatRelative(now - 2000, now, true)).toBe("now");
    expect(formatRelative(now - 20_000, now, true)).toBe("20 s ago");
  });
});
