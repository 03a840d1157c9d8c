"use client";

/** Renders Markdown from people and models: no raw HTML, no images from elsewhere, safe links. */
import dynamic from "next/dynamic";
import { useMemo } from "react";
import { cn } from "@/lib/cn";
import { partsOf } from "@/lib/parts";
import { MoreText } from "./more-text";

/** What it takes to read Markdown is loaded where some is shown. */
const MarkdownBlocks = dynamic(() => import("./markdown-blocks"), { ssr: false });

const PART_CHARS = 8000;

export function Markdown({ text, className }: { text: string; className?: string }) {
  const parts = useMemo(() => partsOf(text, PART_CHARS, true), [text]);
  return (
    <div dir="auto" className={cn("prose max-w-180 break-words", className)}>
      <MoreText parts={parts}>
        {(part, index) => <MarkdownBlocks key={index} text={part} />}
      </MoreText>
    </div>
  );
}
