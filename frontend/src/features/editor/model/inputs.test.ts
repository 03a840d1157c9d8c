/** The dialog that runs a flow asks for what the Input node declares. */
import { describe, expect, it } from "vitest";
import { research } from "../testing/flows";
import { emptyDefinition } from "./definition";
import { updateNode } from "./edits";
import { unreadyInputs, startValues } from "@/lib/inputs";
import { inputFields } from "./inputs";
import { types } from "../testing/flows";

describe("inputs", () => {
  const fields = [
    { name: "topic", type: "string" },
    { name: "deep", type: "boolean", required: false },
    { name: "count", type: "integer", default: 3 },
    { name: "" },
  ];
  const flow = updateNode(research(), "in", ["config", "fields"], fields, types);
  it("reads the fields", () => {
    expect(inputFields(flow).map(({ name, required }) => [name, required])).toEqual([
      ["topic", true],
      ["deep", false],
      ["count", true],
    ]);
    expect(inputFields(emptyDefinition())).toEqual([]);
  });
  it("starts with the last values, then the defaults", () => {
    const start = startValues(inputFields(flow), { topic: "tides" });
    expect(start).toEqual({ topic: "tides", deep: false, count: 3 });
  });
  it("misses only what is required and empty", () => {
    const missing = unreadyInputs(inputFields(flow), { topic: "", deep: null, count: 0 }, {});
    expect(Object.keys(missing)).toEqual(["topic"]);
  });
});
