"use client";

/** Parts of a long text, one more with each click: a page that drew 200 kB at once would stand still for seconds. */
import { useState, type ReactNode } from "react";
import { Button } from "./button";

type MoreTextProps = {
  parts: string[];
  children: (part: string, index: number) => ReactNode;
};

export function MoreText({ parts, children }: MoreTextProps) {
  const [most, setMost] = useState(1);
  const left = parts.slice(most).reduce((sum, part) => sum + part.length, 0);
  return (
    <>
      {parts.slice(0, most).map(children)}
      {left > 0 && (
        <Button size="sm" variant="ghost" className="mt-2" onClick={() => setMost(most + 1)}>
          Show more ({left.toLocaleString("en-US")} characters left)
        </Button>
      )}
    </>
  );
}
