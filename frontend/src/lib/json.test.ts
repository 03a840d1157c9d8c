/** JSON through the browser is the same JSON. */
import { describe, expect, it } from "vitest";
import {
  madeWhole,
  notJson,
  parseAnswer,
  parseJson,
  readNumber,
  sameJson,
  writeJson,
} from "./json";

const EXACT = [
  "9007199254740993",
  "-9223372036854775807",
  "[1,2.5,-0.1,1e-7]",
  '{"a":{"b":[9007199254740992,1234567890123456789]}}',
  '{"zeta":1,"alpha":2,"__proto__":{"x":1},"":null}',
  '"9007199254740993 in a text, with \\"quotes\\" and ünï😀"',
  '{"deep":[[[[true,false,null]]]]}',
];

describe("JSON", () => {
  it.each(EXACT)("comes back as it was: %s", (text) => {
    expect(writeJson(parseAnswer(text))).toBe(text);
    expect(writeJson(parseJson(text))).toBe(text);
  });

  it.each(["[1e16,1.0e19]", "[10000000000000000.0,-12345678901234567890e0]", "[1e300]"])(
    "leaves decimal numbers decimal that would be whole ones of many digits: %s",
    (text) => {
      for (const read of [parseAnswer, parseJson]) {
        const written = writeJson(read(text));
        expect(JSON.parse(written)).toEqual(JSON.parse(text));
        expect(written).not.toMatch(/(?<![.\d])\d{16,}(?![.\d])/);
      }
    },
  );

  it("keeps small numbers numbers, so that pages can reckon with them", () => {
    expect(parseAnswer('{"n":9007199254740991,"m":9007199254740993}')).toEqual({
      n: 9007199254740991,
      m: 9007199254740993n,
    });
  });

  it("writes what JSON.stringify writes", () => {
    const value = { a: [1, { b: "x" }], c: undefined, d: null };
    expect(writeJson(value, 2)).toBe(JSON.stringify(value, null, 2));
    expect(writeJson(undefined)).toBe("null");
  });

  it.each([
    ['{"a":1,"a":2}', 'The key "a" appears twice.'],
    ["[1e999]", "The number 1e999 is too large."],
    ["[1e-400]", "The number 1e-400 is too small."],
    ["[1,]", "Array item expected but got ']' (line 1, column 4)."],
    ['{\n  "a":', "Object value expected after ':' (line 2, column 7)."],
    ["[18446744073709551616]", "The whole number 18446744073709551616 has more than 64 bits"],
    [
      '["\\ud800"]',
      "A text contains a NUL character or half of a surrogate pair. It cannot be stored.",
    ],
    [
      '{"a\\udc00":1}',
      "A text contains a NUL character or half of a surrogate pair. It cannot be stored.",
    ],
    [
      '"\\u0000"',
      "A text contains a NUL character or half of a surrogate pair. It cannot be stored.",
    ],
    ['{"b":1,"2":{"x":2}}', 'The key "b" would move'],
    ['{"2":1,"1":2}', 'The key "2" would move'],
    ["NaN", "JSON value expected but got 'N' (line 1, column 1)."],
  ])("says what is wrong with %s", (text, why) => {
    expect(() => parseJson(text)).toThrow(why);
  });

  it.each([
    '["\\ud83d\\ude00","\\\\ud800","\\\\u0000"]',
    '{"1":{"b":1,"a":"x: \\"1\\":"},"20":2,"a":3}',
    "[9223372036854775807,-9223372036854775808]",
  ])("takes what only looks like it: %s", (text) => {
    expect(() => parseJson(text)).not.toThrow();
  });

  it.each([
    ["[1, 7.0]", "7.0"],
    ['{"a": 1e3}', "1e3"],
    ["-0", "-0"],
    ['["7.0", 7.5, 7, 1e-3, "\\"7.0"]', null],
    ["9007199254740993", null],
    ["1e16", null],
  ])("tells which decimal number becomes a whole one: %s", (text, number) => {
    expect(madeWhole(text)).toBe(number);
  });

  it("says it in a sentence", () => {
    expect(notJson(new Error("Why."))).toBe("This is not JSON: Why.");
  });

  it("refuses what is nested beyond reason without breaking", () => {
    expect(() => parseJson("[".repeat(1_000_000))).toThrow();
  });

  it("tells values apart that a double cannot", () => {
    expect(sameJson(9007199254740993n, 9007199254740992)).toBe(false);
    expect(sameJson({ a: [1n] }, { a: [1] })).toBe(true);
    expect(sameJson({ a: 1, b: 2 }, { b: 2, a: 1 })).toBe(false);
    expect(sameJson(undefined, null)).toBe(true);
  });

  it.each([
    ["9007199254740993", 9007199254740993n],
    ["+7", 7],
    [" 2.50 ", 2.5],
    ["1e3", 1000],
    ["-", null],
    ["", null],
    ["1e999", null],
    ["1e-400", null],
    ["0e5", 0],
    ["0x10", null],
    ["1,5", null],
    ["1_000", null],
    ["Infinity", null],
    ["٣", null],
    [".5", 0.5],
    ["5.", 5],
    ["9223372036854775807", 9223372036854775807n],
    ["9223372036854775808", null],
    ["9".repeat(400), null],
  ])("reads the number %s", (text, value) => {
    expect(readNumber(text)).toBe(value);
  });
});
