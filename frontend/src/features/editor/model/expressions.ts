/** Where expressions stand in a text, and renaming the nodes they read. */

/** CEL tokens: a name inside a string literal or after a dot is not a variable. */
const TOKEN =
  /(?<string>[rRbB]{0,2}(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'))|(?<name>[A-Za-z_]\w*)|(?<space>\s+|\/\/[^\n]*)|(?<other>[\s\S])/g;

type Token = { kind: "string" | "name" | "space" | "other"; text: string };

/** A piece of a template: plain text, or what stands between `{{` and `}}`. */
export type Segment = { expression: boolean; text: string };

/** Old name to new name, below `nodes` or below `inputs`. */
export type Renames = { root: "nodes" | "inputs"; names: ReadonlyMap<string, string> };

/** Renames `nodes.old` and `nodes["old"]` in a CEL expression. */
export function renameInCel(source: string, { root, names }: Renames): string {
  const tokens = tokenize(source);
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
      const quote = selected.token.text.charAt(0);
      const next = names.get(selected.token.text.slice(1, -1));
      if (next) selected.token.text = quote + next + quote;
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

/** Text and expressions in turn. `}}` inside a CEL string or map does not close. */
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
  const start = text.lastIndexOf("{{", caret - 1);
  if (start < 0 || start + 2 > caret) return null;
  const typed = text.slice(start + 2, caret);
  return closing(typed + "  ", 0) >= 0 || typed.includes("}}") ? null : { start, query: typed };
}

/** The path being typed at the caret of a CEL field, e.g. `nodes.re`. */
export function openPath(text: string, caret: number): { start: number; query: string } {
  const query = /[\w.[\]"]*$/.exec(text.slice(0, caret))?.[0] ?? "";
  return { start: caret - query.length, query };
}

function closing(text: string, from: number): number {
  let depth = 0;
  let quote = "";
  for (let index = from; index < text.length; index += 1) {
    const char = text.charAt(index);
    if (quote) {
      if (char === "\\") index += 1;
      else if (char === quote) quote = "";
    } else if (char === '"' || char === "'") quote = char;
    else if (char === "{") depth += 1;
    else if (char === "}") {
      if (depth === 0 && text.startsWith("}}", index)) return index;
      depth = Math.max(0, depth - 1);
    }
  }
  return -1;
}

function tokenize(source: string): Token[] {
  return [...source.matchAll(TOKEN)].map((match) => {
    const groups = match.groups ?? {};
    const kind = (["string", "name", "space"] as const).find((name) => groups[name] !== undefined);
    return { kind: kind ?? "other", text: match[0] };
  });
}
