/** Long texts are cut without losing or changing a character. */
import { describe, expect, it } from "vitest";
import { partsOf } from "./parts";

describe("parts of a text", () => {
  it("are the text itself when it is short", () => expect(partsOf("short", 10)).toEqual(["short"]));

  it.each(["a line\n".repeat(50), "x".repeat(333), "😀".repeat(99), "a\n\nb\n\n".repeat(40)])(
    "together are the whole text: %#",
    (text) => {
      for (const markdown of [true, false]) {
        const parts = partsOf(text, 31, markdown);
        expect(parts.join("")).toBe(text);
        for (const part of parts) expect(part.length).toBeLessThanOrEqual(31);
        // Half a character could not be written down.
        for (const part of parts) expect(() => encodeURIComponent(part)).not.toThrow();
      }
    },
  );

  it("end between the blocks of Markdown, not within code", () => {
    const code = "```\none\n\ntwo\n```\n";
    const [first, second] = partsOf(`before\n\n${code}\nafter, which is long enough`, 24, true);
    expect(first).toBe("before\n\n");
    expect(second?.startsWith("```")).toBe(true);
  });
});
