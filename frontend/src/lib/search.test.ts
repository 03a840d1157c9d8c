/** What is found by typing: by name first, then by other words, and never by letters that only stand somewhere. */
import { describe, expect, it } from "vitest";
import { fitOf, ranked } from "./search";

const things = [
  { name: "Transform", words: ["code"], text: "Builds new values, if one likes." },
  { name: "Loop", words: ["while"], text: "Repeats until a condition holds." },
  { name: "Map", words: ["loop", "for", "each"], text: "Runs for each item of a list." },
  { name: "HTTP request", words: ["fetch"], text: "Calls another service." },
  { name: "Condition", words: ["if"], text: "Takes one of several branches." },
];
const names = (typed: string) => ranked(things, typed, (it) => it).map(({ name }) => name);

describe("finding by typing", () => {
  it.each([
    ["loop", ["Loop", "Map"]],
    ["LOOP ", ["Loop", "Map"]],
    ["if", ["Condition", "Transform"]],
    ["cond", ["Condition", "Loop"]],
    ["req", ["HTTP request"]],
    ["http req", ["HTTP request"]],
    ["for each", ["Map"]],
    ["fet", ["HTTP request"]],
    ["ttp", ["HTTP request"]],
    // Its letters stand in several of them, but no word of it does.
    ["tom", []],
    ["loop fetch", []],
  ])("%j finds %j", (typed, found) => expect(names(typed)).toEqual(found));

  it("finds everything, in its order, by nothing", () => {
    expect(names("  ")).toEqual(things.map(({ name }) => name));
  });

  it("takes what was typed as it is", () => {
    for (const odd of ["(", "[a-", "\\", "*", "ß", "İ", "🚢"]) {
      expect(fitOf({ name: "Map" }, odd)).toBe(0);
      expect(fitOf({ name: `a ${odd}` }, odd)).toBeGreaterThan(0);
    }
  });
});
