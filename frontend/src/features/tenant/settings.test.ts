/** The words and limits of the tenant's settings. */
import { describe, expect, it } from "vitest";
import { hintOf, isSame, problemOf, removesMore, valuesOf } from "./settings";

const settings = {
  max_running: 2,
  keep_executions_days: null,
  keep_logs_days: 0,
  defaults: { running: 5, keep_executions_days: 0, keep_logs_days: 30 },
};

describe("the tenant's settings", () => {
  it("knows whether something changed", () => {
    const values = valuesOf(settings);
    expect(isSame(values, settings)).toBe(true);
    expect(isSame({ ...values, keep_logs_days: null }, settings)).toBe(false);
  });

  it("knows whether more is removed", () => {
    const values = valuesOf(settings);
    expect(removesMore(values, settings)).toBe(false);
    expect(removesMore({ ...values, max_running: 1 }, settings)).toBe(false);
    expect(removesMore({ ...values, keep_executions_days: 9 }, settings)).toBe(true);
    expect(removesMore({ ...values, keep_logs_days: null }, settings)).toBe(true);
    const short = { ...settings, keep_logs_days: 7 };
    expect(removesMore({ ...values, keep_logs_days: null }, short)).toBe(false);
    expect(removesMore({ ...values, keep_logs_days: 6 }, short)).toBe(true);
  });

  it("says what holds without a value", () => {
    expect(hintOf("max_running", settings.defaults)).toContain("Empty: 5,");
    expect(hintOf("max_running", { ...settings.defaults, running: 0 })).toContain("no limit");
    expect(hintOf("keep_executions_days", settings.defaults)).toContain("Empty or 0: for ever.");
    expect(hintOf("keep_logs_days", settings.defaults)).toContain("Empty: 30 days.");
    expect(hintOf("keep_logs_days", { ...settings.defaults, keep_logs_days: 1 })).toContain(
      "1 day.",
    );
  });

  it("refuses what the API would refuse", () => {
    expect(problemOf("max_running", 0)).toBeDefined();
    expect(problemOf("keep_logs_days", 0)).toBeUndefined();
    expect(problemOf("keep_logs_days", 1.5)).toBeDefined();
    expect(problemOf("keep_executions_days", 36_501)).toContain("36,500");
    expect(problemOf("keep_executions_days", null)).toBeUndefined();
  });
});
