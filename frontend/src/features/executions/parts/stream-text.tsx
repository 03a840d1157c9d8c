"use client";

/** Text as it streams in: follows its end until the reader scrolls up. */
import { ArrowDown } from "lucide-react";
import { memo, useLayoutEffect, useRef, useState } from "react";
import { Button } from "@/components/button";
import { cn } from "@/lib/cn";
import type { GrowingText } from "@/lib/events";

/** Pixels from the end that still count as being there. */
const NEAR = 24;

type StreamTextProps = {
  label: string;
  text: GrowingText;
  /** More is coming. */
  live: boolean;
  className?: string;
};

export function StreamText({ label, text, live, className }: StreamTextProps) {
  const box = useRef<HTMLDivElement>(null);
  const [following, setFollowing] = useState(true);
  const { length } = text;

  useLayoutEffect(() => {
    if (following && live && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [following, live, length]);

  function onScroll() {
    const { scrollTop, scrollHeight, clientHeight } = box.current ?? document.body;
    setFollowing(scrollHeight - scrollTop - clientHeight < NEAR);
  }
  return (
    <div className="relative">
      <div
        ref={box}
        role="region"
        aria-label={label}
        tabIndex={0}
        onScroll={onScroll}
        className={cn(
          "max-h-80 overflow-y-auto rounded-md border bg-surface px-3 py-2 break-words whitespace-pre-wrap",
          className,
        )}
      >
        {text.blocks.map((block, index) => (
          <Block key={index} text={block} />
        ))}
        {live && (
          <span
            aria-hidden
            className="ml-0.5 inline-block h-3.5 w-1.5 bg-running align-text-bottom"
          />
        )}
      </div>
      {live && !following && (
        <Button
          size="sm"
          onClick={() => setFollowing(true)}
          className="absolute right-3 bottom-2 shadow-float"
        >
          <ArrowDown aria-hidden />
          Follow
        </Button>
      )}
    </div>
  );
}

/** Blocks that are full never change, so a token redraws one block. */
const Block = memo(function Block({ text }: { text: string }) {
  return <span>{text}</span>;
});
