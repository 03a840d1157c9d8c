/** The rule that keeps the interface to the words of the glossary: what it refuses, and what it lets pass. */
import { Linter } from "eslint";
import { describe, expect, it } from "vitest";
import { wrongWords } from "../../eslint.words.mjs";

const linter = new Linter();
const rules: Linter.RulesRecord = { "no-restricted-syntax": ["error", ...wrongWords] };
const languageOptions = { parserOptions: { ecmaFeatures: { jsx: true } } };

function refusals(code: string): string[] {
  return linter.verify(code, [{ languageOptions, rules }]).map(({ message }) => message);
}

/** As it stands in a page, in an attribute, and in a template. */
const places = (text: string) => [
  `const it = <p>${text}</p>;`,
  `const it = <p title="${text}" />;`,
  `const it = "${text}";`,
  `const it = \`\${name}: ${text}\`;`,
];

describe("the rule about words", () => {
  it.each([
    ["Steps", "node"],
    ["Add a step", "node"],
    ["Nothing runs before this step.", "node"],
    ["The run could not be paused", "execution"],
    ["Cancel run", "execution"],
    ["Each new run of a flow appears here", "execution"],
    ["Shows a run", "execution"],
    ["Next runs", "execution"],
    ["Runs in every pass", "iteration"],
    ["2 passes", "iteration"],
  ])("refuses %j, which is about a %s", (text, thing) => {
    for (const code of places(text)) {
      expect(refusals(code), code).toContainEqual(expect.stringContaining(`“${thing}”`));
    }
  });

  it.each([
    "Run",
    "Run again",
    "Run flow",
    "This runs the current draft.",
    "The flow is ready to run.",
    "Executions that run at a time",
    "The tasks run one after the other",
    "Let the flow run",
    "Pass on only what later nodes need",
    "Password",
    "First steps",
    "Open the execution",
  ])("lets %j pass", (text) => {
    for (const code of places(text)) expect(refusals(code), code).toEqual([]);
  });

  it("takes a word without a space or a capital for a key", () => {
    expect(refusals(`const it = <a key="step" id="first-steps" href="./runs" />;`)).toEqual([]);
  });
});
