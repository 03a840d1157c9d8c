/** How well something fits what was typed to find it: its name counts first, then other words for it, then what is said of it. */

export type Found = {
  name: string;
  /** Other words for it; each counts as a word of its own. */
  words?: readonly string[];
  /** What is said of it. */
  text?: string;
};

const NAME = 1;
const WORD = 0.9;
const NAME_BEGINS = 0.8;
const PART_BEGINS = 0.7;
const WORD_BEGINS = 0.5;
const NAME_HAS = 0.4;
const TEXT_BEGINS = 0.2;

/** From 1, it is called so, down to 0, it does not fit. Each word that was typed has to fit; the worst one decides. */
export function fitOf({ name, words = [], text = "" }: Found, typed: string): number {
  const wanted = typed.trim().toLowerCase();
  if (wanted === "" || wanted === name.toLowerCase()) return NAME;
  const found = {
    name: name.toLowerCase(),
    parts: partsOf(name),
    words: words.map((word) => word.toLowerCase()),
    text: partsOf(text),
  };
  return Math.min(...wanted.split(/\s+/).map((word) => fitOfWord(found, word)));
}

type Lower = { name: string; parts: string[]; words: string[]; text: string[] };

function fitOfWord({ name, parts, words, text }: Lower, wanted: string): number {
  const begins = (word: string) => word.startsWith(wanted);
  if (name === wanted) return NAME;
  if (words.includes(wanted)) return WORD;
  if (name.startsWith(wanted)) return NAME_BEGINS;
  if (parts.some(begins)) return PART_BEGINS;
  if (words.some(begins)) return WORD_BEGINS;
  if (name.includes(wanted)) return NAME_HAS;
  return text.some(begins) ? TEXT_BEGINS : 0;
}

/** "HTTP request" is "http" and "request", whatever stands between words. */
function partsOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);
}

/** Those that fit, the best first; equally good ones stay in their order. */
export function ranked<Item>(
  items: readonly Item[],
  typed: string,
  of: (item: Item) => Found,
): Item[] {
  return items
    .map((item) => ({ item, fit: fitOf(of(item), typed) }))
    .filter(({ fit }) => fit > 0)
    .sort((one, other) => other.fit - one.fit)
    .map(({ item }) => item);
}
