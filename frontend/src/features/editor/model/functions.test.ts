/** Which functions are offered while an expression is typed. */
import { describe, expect, it } from "vitest";
import { functionOptions } from "./functions";

const offered = (query: string) => functionOptions(query).map(({ expression }) => expression);

describe("functions offered", () => {
  it("are all of the engine's when nothing is typed", () => {
    for (const name of ["now", "url.encode", "json.decode", "timestamp", "addDays", "math.round"]) {
      expect(offered("")).toContain(`${name}()`);
    }
  });

  it("begin as what is typed does, in small letters or capital ones", () => {
    expect(offered("url.e")).toEqual(["url.encode()"]);
    expect(offered("ADDM")).toEqual(["addMonths()"]);
    expect(offered("no_such")).toEqual([]);
  });

  it("are called as methods behind a value, but not behind a namespace", () => {
    expect(offered("inputs.topic.lowerA")).toEqual(["inputs.topic.lowerAscii()"]);
    expect(offered("inputs.topic.now")).toEqual([]);
    expect(offered("json.de")).toEqual(["json.decode()"]);
  });

  it("say whether arguments are still to be written", () => {
    expect(functionOptions("now")[0]?.open).toBe(false);
    expect(functionOptions("url.encode")[0]?.open).toBe(true);
    expect(functionOptions("inputs.a.trim")[0]?.open).toBe(false);
    expect(functionOptions("inputs.a.startsW")[0]?.open).toBe(true);
  });
});
