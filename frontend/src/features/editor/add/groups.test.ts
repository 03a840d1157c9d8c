/** Who types what they call it is offered the node type they mean, first. */
import { describe, expect, it } from "vitest";
import { ranked } from "@/lib/search";
import { types } from "../testing/flows";
import { foundBy, grouped } from "./groups";

const found = (typed: string) =>
  ranked([...types.values()], typed, foundBy).map(({ kind }) => kind);

describe("node types by typing", () => {
  it.each([
    ["http", "http_request"],
    ["fetch", "http_request"],
    ["api", "http_request"],
    ["loop", "loop"],
    ["while", "loop"],
    ["for each", "map"],
    ["if", "condition"],
    ["switch", "condition"],
    ["branch", "condition"],
    ["code", "code"],
    ["python", "code"],
    ["calculator", "tool"],
    ["set", "transform"],
    ["human", "approval"],
    ["review", "approval"],
    ["delay", "wait"],
    ["gpt", "llm"],
    ["prompt", "llm"],
    ["ai", "agent"],
    ["team", "crew"],
    ["subflow", "subflow"],
    ["workflow", "subflow"],
    ["start", "input"],
    ["result", "output"],
    ["comment", "note"],
  ])("%j offers %s first", (typed, kind) => expect(found(typed)[0]).toBe(kind));

  it("offers each type first by its own name and kind", () => {
    for (const { kind, title } of types.values()) {
      expect([found(title)[0], found(kind)[0]]).toEqual([kind, kind]);
    }
  });

  it("puts the group of the best type first", () => {
    const best = ranked([...types.values()], "loop", foundBy);
    expect(grouped(best, true).map(({ group }) => group)[0]).toBe("logic");
    expect(grouped([...types.values()]).map(({ group }) => group)[0]).toBe("flow");
  });
});
