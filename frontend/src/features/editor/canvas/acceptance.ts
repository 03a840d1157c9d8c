"use client";

/** While a connection is being drawn: where it may end. */
import { useConnection } from "@xyflow/react";
import { createContext, use, useMemo } from "react";
import { useEditor } from "../context";
import { fromPort } from "../model/canvas";
import { followers } from "../model/connect";

export type Acceptance = "idle" | "accepts" | "refuses";

type Accepting = { source: string; ids: ReadonlySet<string> } | null;

/** Found once for all nodes on the canvas, which are told; null while nothing is drawn. */
export function useAccepting(): Accepting {
  const from = useConnection((connection) =>
    connection.inProgress && connection.fromHandle?.type === "source"
      ? `${connection.fromHandle.nodeId}\n${connection.fromHandle.id ?? ""}`
      : null,
  );
  // Only then: without a line the canvas does not care that the flow changed.
  const flow = useEditor((state) => (from === null ? null : state.flow));
  const types = useEditor((state) => state.types);
  return useMemo(() => {
    if (from === null || flow === null) return null;
    const [source = "", port] = from.split("\n");
    const found = followers(flow, { source, handle: fromPort(port) }, types);
    return { source, ids: new Set(found.map((node) => node.id)) };
  }, [from, flow, types]);
}

export const AcceptingContext = createContext<Accepting>(null);

export function useAcceptance(id: string): Acceptance {
  const accepting = use(AcceptingContext);
  if (accepting === null || accepting.source === id) return "idle";
  return accepting.ids.has(id) ? "accepts" : "refuses";
}
