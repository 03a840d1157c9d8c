"use client";

/** How much of a node can be seen at the zoom of the canvas. */
import { useStore } from "@xyflow/react";
import { createContext, use } from "react";

/** "full": everything. "name": large words only. "block": colours and signs; no word could be read. */
export type Detail = "full" | "name" | "block";

/** Below these zooms small words, and then large ones, cannot be read. */
const READABLE = 0.45;
const NAMED = 0.2;

export function detailAt(zoom: number): Detail {
  if (zoom >= READABLE) return "full";
  return zoom >= NAMED ? "name" : "block";
}

/** For the canvas, which tells its nodes: asked by each of a thousand, every movement would cost a thousand answers. */
export function useCanvasDetail(): Detail {
  return useStore(({ transform }) => detailAt(transform[2]));
}

export const DetailContext = createContext<Detail>("full");

export function useDetail(): Detail {
  return use(DetailContext);
}
