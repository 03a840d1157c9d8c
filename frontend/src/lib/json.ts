/** JSON whose whole numbers stay what they are: those that JavaScript's numbers cannot hold become bigints. */
import { parse, stringify } from "lossless-json";

const WHOLE = /^-?\d+$/;

/** Where a text stops being JSON; line and column count from 1. */
export class JsonError extends Error {
  override readonly name = "JsonError";
}

/** It is JSON, and yet it could not be kept as it is. */
class NotKept extends JsonError {}

/**
 * The value of a text that somebody typed or pasted; large whole numbers are bigints.
 *
 * Raises JsonError: it is no JSON, names a key twice, or has what the server or the browser cannot keep as it is.
 */
export function parseJson(text: string): unknown {
  try {
    const value = parse(text, null, { parseNumber: keptNumber, onDuplicateKey: refuseTwice });
    refuseLost(text, value);
    return value;
  } catch (error) {
    throw error instanceof NotKept ? error : new JsonError(said(text, error));
  }
}

// Only so many digits in a row can be a number that would be rounded. Most answers have none, and the browser's reader is faster.
const LONG = /\d{16}/;

/** The value of a text of our own server. Raises SyntaxError when it is no JSON. */
export function parseAnswer(text: string): unknown {
  return LONG.test(text)
    ? parse(text, null, { parseNumber: exactNumber })
    : (JSON.parse(text) as unknown);
}

const DECIMAL = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** The first number of a JSON text that is written as a decimal one and yet becomes a whole one here, such as 7.0. */
export function madeWhole(text: string): string | null {
  const numbers = text.replace(/"(?:[^"\\]|\\.)*"/g, '""').match(DECIMAL) ?? [];
  const isMade = (it: string) => !WHOLE.test(it) && Number.isSafeInteger(Number(it));
  return numbers.find((it) => isMade(it) || it === "-0") ?? null;
}

/** What to tell somebody whose text could not be read. */
export function notJson(error: unknown): string {
  const why = error instanceof Error ? error.message : String(error);
  return error instanceof NotKept ? why : `This is not JSON: ${why}`;
}

// What JSON.stringify writes as a whole number although it is none of 53 bits: those are bigints.
const LARGE_DECIMAL = {
  test: (value: unknown): value is number =>
    Number.isInteger(value) && !Number.isSafeInteger(value),
  stringify: (value: unknown) => (value as number).toExponential(),
};

/** The JSON text of a value, bigints as whole numbers, 1e16 as a decimal one; `space` as JSON.stringify has it. */
export function writeJson(value: unknown, space?: number): string {
  return stringify(value, null, space, [LARGE_DECIMAL]) ?? "null";
}

/** Whether both are the same JSON, key order included. */
export function sameJson(one: unknown, two: unknown): boolean {
  return one === two || writeJson(one ?? null) === writeJson(two ?? null);
}

const TYPED = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** A number as people type it: exact where it is whole, null where it is none or could not be kept. */
export function readNumber(text: string): number | bigint | null {
  const trimmed = text.trim();
  if (!TYPED.test(trimmed)) return null;
  try {
    return keptNumber(trimmed.replace(/^\+/, ""));
  } catch {
    return null;
  }
}

/** Whether nothing is left of a number that is not zero. */
function vanished(text: string, number: number): boolean {
  return number === 0 && /^[^eE]*[1-9]/.test(text);
}

function exactNumber(text: string): number | bigint {
  const number = Number(text);
  if (!Number.isFinite(number)) throw new NotKept(`The number ${text} is too large.`);
  if (vanished(text, number)) throw new NotKept(`The number ${text} is too small.`);
  return WHOLE.test(text) && !Number.isSafeInteger(number) ? BigInt(text) : number;
}

const [LEAST, MOST] = [-(2n ** 63n), 2n ** 63n - 1n];

/** Of what somebody typed: the server keeps whole numbers of 64 bits. */
function keptNumber(text: string): number | bigint {
  const number = exactNumber(text);
  if (typeof number === "bigint" && (number < LEAST || number > MOST)) {
    throw new NotKept(`The whole number ${text} has more than 64 bits; write it as a text.`);
  }
  return number;
}

const NO_TEXT = /[\u0000]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
const ESCAPED = /\\u(?:0000|[dD][89a-fA-F])/;
const KEY = /"(?:[^"\\]|\\.)*"(?=\s*:)/g;
const NUMBERED = /"\d+"\s*:/;

/** No database holds NUL and halves of surrogate pairs; and browsers put keys that are whole numbers first. */
function refuseLost(text: string, value: unknown): void {
  const written = writeJson(value);
  if (
    NO_TEXT.test(text) ||
    (ESCAPED.test(text) && strings(written).some((it) => NO_TEXT.test(it)))
  ) {
    throw new NotKept(
      "A text contains a NUL character or half of a surrogate pair. It cannot be stored.",
    );
  }
  if (!NUMBERED.test(text)) return;
  const [typed, kept] = [text, written].map((it) => (it.match(KEY) ?? []).map(readText));
  const moved = typed?.find((key, index) => key !== kept?.[index]);
  if (moved === undefined) return;
  throw new NotKept(
    `The key "${moved}" would move. Write keys that are whole numbers first, in ascending order.`,
  );
}

function strings(json: string): string[] {
  return (json.match(/"(?:[^"\\]|\\.)*"/g) ?? []).map(readText);
}

function readText(json: string): string {
  return JSON.parse(json) as string;
}

function refuseTwice({ key }: { key: string }): never {
  throw new NotKept(`The key "${key}" appears twice. Remove one of them.`);
}

/** The reader's words, with line and column in place of the position that it counts from 0. */
function said(text: string, error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  const position = /^(.*) (?:at|end at) position (\d+)$/.exec(words);
  if (!position) return words;
  const before = text.slice(0, Number(position[2])).split("\n");
  const place = `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
  return `${position[1]} (${place}).`;
}
