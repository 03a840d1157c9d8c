"use client";

/** Renders Markdown from people and models: no raw HTML, no images from elsewhere, safe links. */
import { useMemo } from "react";
import { cn } from "@/lib/cn";
import { partsOf } from "@/lib/parts";
import { lazily } from "./lazily";
import { MoreText } from "./more-text";
import { PlainText } from "./plain-text";

/** What it takes to read Markdown is loaded where some is shown; without it the text stands as it was written. */
const MarkdownBlocks = lazily<{ text: string }>(() =>
  import("./markdown-blocks").then(
    (it) => it.default,
    () => PlainText,
  ),
);

/** A text without any of these reads the same as Markdown and plain: line for line. */
const SIGNS = /[*_`~#[\]|<>&\\]|^\s*([-+]|\d+[.)])\s|^ {4}|\t|https?:|www\.|@|^\s*[=-]{2,}\s*$/m;

const PART_CHARS = 8000;

export function Markdown({ text, className }: { text: string; className?: string }) {
  const parts = useMemo(() => partsOf(text, PART_CHARS, true), [text]);
  return (
    <div dir="auto" className={cn("prose max-w-180 break-words", className)}>
      <MoreText parts={parts}>
        {(part, index) =>
          SIGNS.test(part) ? (
            <MarkdownBlocks key={index} text={part} />
          ) : (
            <PlainText key={index} text={part} />
          )
        }
      </MoreText>
    </div>
  );
}
