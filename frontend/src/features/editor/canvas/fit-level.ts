"use client";

/** Shows the whole of a level when one comes to it. */
import { useReactFlow } from "@xyflow/react";
import { useEffect, useRef } from "react";
import { useEditor } from "../context";
import { FIT } from "./canvas-tools";

export function useFitOnLevel(): void {
  const { fitView, getNodes, setViewport } = useReactFlow();
  const path = useEditor(({ level }) => level.map(({ node }) => node).join("."));
  const shown = useRef(path);
  useEffect(() => {
    if (shown.current === path) return;
    shown.current = path;
    // Two frames: its nodes have been drawn and measured.
    let frame = requestAnimationFrame(() => {
      frame = requestAnimationFrame(() => {
        // To fit nothing would wait for the first node, and take it away from where it is dropped.
        if (getNodes().length > 0) void fitView({ ...FIT, duration: 0 });
        else void setViewport({ x: 0, y: 0, zoom: 1 });
      });
    });
    return () => cancelAnimationFrame(frame);
  }, [path, fitView, getNodes, setViewport]);
}
