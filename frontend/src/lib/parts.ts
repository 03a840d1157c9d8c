/** Long texts in parts, so that a page draws the beginning at once and the rest when it is asked for. */

/** Cuts where a line ends, at most `size` characters a part; Markdown is cut between its blocks. */
export function partsOf(text: string, size: number, markdown = false): string[] {
  if (text.length <= size) return [text];
  const parts: string[] = [];
  let rest = text;
  while (rest.length > size) {
    const at = (markdown && blockEnd(rest, size)) || lineEnd(rest, size);
    parts.push(rest.slice(0, at));
    rest = rest.slice(at);
  }
  if (rest !== "") parts.push(rest);
  return parts;
}

/** Behind the last line break within `size` characters; in the middle of a line where it has none. */
function lineEnd(text: string, size: number): number {
  const at = text.lastIndexOf("\n", size - 1) + 1;
  return at > size / 2 ? at : wholeCharacter(text, size);
}

/** A character outside the first 65,536 is two units; half of one is none. */
function wholeCharacter(text: string, at: number): number {
  const unit = text.charCodeAt(at - 1);
  return unit >= 0xd800 && unit <= 0xdbff ? at - 1 : at;
}

/** Behind the last empty line that is not in a block of code; 0 for none. */
function blockEnd(text: string, size: number): number {
  let end = 0;
  let inCode = false;
  for (let from = 0; from < size;) {
    const stop = text.indexOf("\n", from);
    if (stop < 0 || stop >= size) break;
    const line = text.slice(from, stop).trim();
    if (line.startsWith("```") || line.startsWith("~~~")) inCode = !inCode;
    from = stop + 1;
    if (line === "" && !inCode) end = from;
  }
  return end;
}
