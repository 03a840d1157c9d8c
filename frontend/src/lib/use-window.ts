"use client";

/** Which rows of a long list are in view: only those are drawn. */
import { useCallback, useMemo, useRef, useState } from "react";
import { useSize } from "./use-size";

/** Pixels beyond the view on each side, so that the next row is there when a key goes to it. */
const MARGIN = 320;
/** Until the list has been measured, and where nothing is laid out. */
const FIRST_HEIGHT = 800;

export type Span = {
  /** Index of the first row in view, and of the one behind the last. */
  first: number;
  last: number;
  /** Pixels of the rows before and behind them. */
  above: number;
  below: number;
};

/** `heights` of all rows, in pixels. */
export function spanOf(heights: readonly number[], top: number, bottom: number): Span {
  let first = 0;
  let above = 0;
  while (first < heights.length && above + (heights[first] ?? 0) < top)
    above += heights[first++] ?? 0;
  let last = first;
  let at = above;
  while (last < heights.length && at < bottom) at += heights[last++] ?? 0;
  let below = 0;
  for (let row = last; row < heights.length; row += 1) below += heights[row] ?? 0;
  return { first, last, above, below };
}

/** `ref` and `onScroll` go on the element that scrolls, which holds little else. */
export function useWindow(heights: readonly number[]) {
  const [measured, size] = useSize();
  const box = useRef<Element | null>(null);
  const [top, setTop] = useState(0);
  const ref = useCallback(
    (element: Element | null) => {
      box.current = element;
      return measured(element);
    },
    [measured],
  );
  // In steps: not each pixel is worth drawing the rows again.
  const onScroll = useCallback(() => {
    const { scrollTop = 0 } = box.current ?? {};
    setTop(Math.floor(scrollTop / (MARGIN / 2)) * (MARGIN / 2));
  }, []);
  const height = size?.height || FIRST_HEIGHT;
  const total = heights.reduce((sum, one) => sum + one, 0);
  // A list that got shorter has scrolled by itself.
  const start = Math.min(top, Math.max(0, total - height));
  const span = useMemo(
    () => spanOf(heights, start - MARGIN, start + height + 2 * MARGIN),
    [heights, start, height],
  );
  return { ref, onScroll, ...span };
}
