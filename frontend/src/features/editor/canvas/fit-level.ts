"use client";

/** Shows the whole of a level when one comes to it. */
import { useReactFlow } from "@xyflow/react";
import { useEffect, useRef } from "react";
import { useEditor } from "../context";
import { FIT } from "./canvas-tools";

export function useFitOnLevel(): void {
  const { fitView } = useReactFlow();
  const path = useEditor(({ level }) => level.map(({ node }) => node).join("."));
  const shown = useRef(path);
  useEffect(() => {
    if (shown.current === path) return;
    shown.current = path;
    // Two frames: its nodes have been drawn and measured.
    let frame = requestAnimationFrame(() => {
      frame = requestAnimationFrame(() => void fitView({ ...FIT, duration: 0 }));
    });
    return () => cancelAnimationFrame(frame);
  }, [path, fitView]);
}
