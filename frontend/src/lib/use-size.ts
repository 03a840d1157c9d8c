"use client";

/** The size of an element, as it changes. */
import { useCallback, useState } from "react";

export type Size = { width: number; height: number };

/** `ref` goes on the element; null before it has been measured. Whole pixels. */
export function useSize(): [ref: (element: Element | null) => (() => void) | void, Size | null] {
  const [size, setSize] = useState<Size | null>(null);
  const ref = useCallback((element: Element | null) => {
    if (!element || typeof ResizeObserver === "undefined") return;
    const measure = () => {
      const { clientWidth: width, clientHeight: height } = element;
      setSize((before) =>
        before?.width === width && before.height === height ? before : { width, height },
      );
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [ref, size];
}
