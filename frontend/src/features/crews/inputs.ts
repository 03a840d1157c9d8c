/** Which inputs the texts of a crew and its agents ask for. */

const EXPRESSION = /\{\{(.*?)\}\}/gs;
const INPUT = /\binputs\s*(?:\.\s*([A-Za-z_]\w*)|\[\s*(?:"([^"]+)"|'([^']+)')\s*\])/g;

/** The names in `{{ inputs.name }}` and `{{ inputs["name"] }}`, each once, in order. */
export function inputNames(texts: string[]): string[] {
  const names = new Set<string>();
  for (const text of texts) {
    for (const [, expression = ""] of text.matchAll(EXPRESSION)) {
      for (const [, dotted, double, single] of expression.matchAll(INPUT)) {
        names.add(dotted ?? double ?? single ?? "");
      }
    }
  }
  return [...names];
}
