/** The words that the interface must not use, because docs/glossary.md has another word for the thing. */

const ONE =
  "(?:an?|the|this|each|every|another|one|per)(?: (?:first|last|next|new|past|previous|same|whole|live))?";
const MANY = "(?:the|of|no|all|more|other|older|many|first|last|next|new|past|previous|recent)";

/** Texts that may use the words all the same. */
const ALLOWED = ["First steps"];
const allowed = ALLOWED.map((text) => `(?<!\\b${text.replace(/steps?$/, "")})`).join("");

const wrong = [
  { thing: "node", pattern: `${allowed}\\bsteps?\\b` },
  {
    thing: "execution",
    pattern: [
      `\\b${ONE} run\\b`,
      `\\b${MANY} runs\\b`,
      "\\b(?:cancel|pause|resume|fail|open|follow|fork|test|next|last) run\\b",
      "\\brun of\\b",
      "^\\s*runs\\s*$",
    ].join("|"),
  },
  { thing: "iteration", pattern: `\\b${ONE} (?:pass|round|turn)\\b|\\b(?:passes|rounds|turns)\\b` },
];

/** A literal without a space or a capital is a key, not a text. */
const TEXTS = {
  JSXText: "value",
  "Literal[value=/^[A-Z]|\\s/]": "value",
  TemplateElement: "value.cooked",
};

/** Entries of ESLint's rule `no-restricted-syntax`. */
export const wrongWords = wrong.flatMap(({ thing, pattern }) =>
  Object.entries(TEXTS).map(([node, value]) => ({
    selector: `${node}[${value}=/${pattern}/i]`,
    message: `The interface says “${thing}” here: see docs/glossary.md.`,
  })),
);
