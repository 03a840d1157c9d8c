/** Text as it was written, each line on a line of its own. */
import { useMemo } from "react";
import { cn } from "@/lib/cn";
import { partsOf } from "@/lib/parts";
import { MoreText } from "./more-text";

const PART_CHARS = 50_000;

type PlainTextProps = { text: string; mono?: boolean; className?: string };

export function PlainText({ text, mono, className }: PlainTextProps) {
  const parts = useMemo(() => partsOf(text, PART_CHARS), [text]);
  return (
    <div
      dir="auto"
      className={cn("break-words whitespace-pre-wrap", mono && "font-mono text-xs", className)}
    >
      <MoreText parts={parts}>{(part, index) => <span key={index}>{part}</span>}</MoreText>
    </div>
  );
}
