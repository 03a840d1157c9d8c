/** A text that grows by small pieces: appending costs the same however long it already is. */

const BLOCK_CHARS = 4096;

export class GrowingText {
  /** Joined they are the text; only the last one ever changes, so a view redraws no more than that. */
  readonly blocks: string[] = [];
  length = 0;

  append(piece: string): void {
    if (piece === "") return;
    this.length += piece.length;
    const last = this.blocks.length - 1;
    const open = this.blocks[last];
    if (open !== undefined && open.length < BLOCK_CHARS) this.blocks[last] = open + piece;
    else this.blocks.push(piece);
  }

  /** The last `lines` lines with something on them, at most `chars` characters. */
  tail(lines: number, chars = 400): string {
    let end = "";
    for (let at = this.blocks.length - 1; at >= 0 && end.length < chars; at -= 1) {
      end = this.blocks[at] + end;
    }
    const full = end
      .slice(-chars)
      .split("\n")
      .filter((line) => line.trim() !== "");
    return full.slice(-lines).join("\n");
  }

  toString(): string {
    return this.blocks.join("");
  }
}
