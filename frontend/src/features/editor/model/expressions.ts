/** Where expressions stand in a text, and renaming the nodes they read. */

/**
 * CEL tokens, as the server reads them: a raw text knows no escapes, a text in single quotes ends with its line, and a
 * comment hides what stands in it. `open` is a text that nothing closes.
 */
const TOKEN =
  /(?<string>(?:[rR][bB]?|[bB][rR])(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"(?!"")[^"\r\n]*"|'(?!'')[^'\r\n]*')|[bB]?(?:"""(?:\\[\s\S]|[^\\])*?"""|'''(?:\\[\s\S]|[^\\])*?'''|"(?!"")(?:\\[\s\S]|[^"\\\r\n])*"|'(?!'')(?:\\[\s\S]|[^'\\\r\n])*'))|(?<open>["'])|(?<name>[A-Za-z_]\w*)|(?<space>\s+|\/\/[^\n]*)|(?<other>[\s\S])/g;

/** A text as the key of a map: not of bytes, and without escapes. */
const KEY = /^(?<before>[rR]?(?<quotes>"""|'''|"|'))(?<name>\w+)\k<quotes>$/;

type Token = { kind: "string" | "open" | "name" | "space" | "other"; text: string };

/** A piece of a template: plain text, or what stands between `{{` and `}}`. */
export type Segment = { expression: boolean; text: string };

/** Old name to new name, below `nodes` or below `inputs`. */
export type Renames = { root: "nodes" | "inputs"; names: ReadonlyMap<string, string> };

/** Renames `nodes.old` and `nodes["old"]` in a CEL expression. */
export function renameInCel(source: string, { root, names }: Renames): string {
  const tokens = [...tokenize(source)];
  const solid = tokens
    .map((token, at) => ({ token, at }))
    .filter((it) => it.token.kind !== "space");
  solid.forEach(({ token }, index) => {
    if (token.kind !== "name" || token.text !== root) return;
    if (solid[index - 1]?.token.text === ".") return;
    const opener = solid[index + 1]?.token.text;
    const selected = solid[index + 2];
    if (!selected) return;
    if (opener === "." && selected.token.kind === "name") {
      selected.token.text = names.get(selected.token.text) ?? selected.token.text;
    } else if (opener === "[" && selected.token.kind === "string") {
      const { before = "", quotes = "", name = "" } = KEY.exec(selected.token.text)?.groups ?? {};
      const next = names.get(name);
      if (next) selected.token.text = before + next + quotes;
    }
  });
  return tokens.map((token) => token.text).join("");
}

/** The same inside the `{{ }}` of a template; an expression that is still open is left alone. */
export function renameInTemplate(text: string, renames: Renames): string {
  return segments(text)
    .map((part) => (part.expression ? `{{${renameInCel(part.text, renames)}}}` : part.text))
    .join("");
}

/** Text and expressions in turn. `}}` inside a CEL text, map or comment does not close. */
export function segments(text: string): Segment[] {
  const parts: Segment[] = [];
  let position = 0;
  for (let start = text.indexOf("{{"); start >= 0; start = text.indexOf("{{", position)) {
    const end = closing(text, start + 2);
    if (end < 0) break;
    if (start > position) parts.push({ expression: false, text: text.slice(position, start) });
    parts.push({ expression: true, text: text.slice(start + 2, end) });
    position = end + 2;
  }
  if (position < text.length) parts.push({ expression: false, text: text.slice(position) });
  return parts;
}

/** The expression being typed at the caret: where its text begins and what was typed so far. */
export function openExpression(
  text: string,
  caret: number,
): { start: number; query: string } | null {
  const typed = text.slice(0, caret);
  let position = 0;
  for (let start = typed.indexOf("{{"); start >= 0; start = typed.indexOf("{{", position)) {
    let end = closing(typed, start + 2);
    // One that cannot be read, and where somebody wrote on behind it, is not being typed.
    if (end < 0) end = typed.indexOf("}}", start + 2);
    if (end < 0) return { start, query: typed.slice(start + 2) };
    position = end + 2;
  }
  return null;
}

/** Words and paths alone, with nothing between them that only an expression has. */
const SEARCH = /^[\w\s.[\]"]*$/;

/**
 * What is typed in a template: the whole expression while it is but words to look for, and from there on the path or the
 * function at the caret, which then is `bare`: it stands in braces already.
 */
export function openInTemplate(
  text: string,
  caret: number,
): { start: number; query: string; bare: boolean } | null {
  const open = openExpression(text, caret);
  if (open === null || SEARCH.test(open.query)) return open && { ...open, bare: false };
  const path = openPath(text, caret);
  return path.query === "" ? null : { ...path, bare: true };
}

/** The path being typed at the caret of a CEL field, e.g. `nodes.re`. */
export function openPath(text: string, caret: number): { start: number; query: string } {
  const query = /[\w.[\]"]*$/.exec(text.slice(0, caret))?.[0] ?? "";
  return { start: caret - query.length, query };
}

/** Where the `}}` stands that ends the expression beginning at `from`; -1 where none does. */
function closing(text: string, from: number): number {
  let depth = 0;
  let index = from;
  for (const { kind, text: token } of tokenize(text, from)) {
    if (kind === "open") return -1;
    if (token === "{") depth += 1;
    else if (token === "}") {
      if (depth === 0 && text.startsWith("}}", index)) return index;
      depth = Math.max(0, depth - 1);
    }
    index += token.length;
  }
  return -1;
}

const KINDS = ["string", "open", "name", "space"] as const;

function* tokenize(source: string, from = 0): Generator<Token> {
  const pattern = new RegExp(TOKEN);
  pattern.lastIndex = from;
  for (let match = pattern.exec(source); match; match = pattern.exec(source)) {
    const groups = match.groups ?? {};
    yield { kind: KINDS.find((name) => groups[name] !== undefined) ?? "other", text: match[0] };
  }
}
