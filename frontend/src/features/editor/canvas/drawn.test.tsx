/** From afar React Flow is given less, and learns anew where ports are when one comes nearer. */
import { renderHook } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { NOTHING, toCanvasEdges, toCanvasNodes } from "../model/canvas";
import { research, types } from "../testing/flows";
import type { Detail } from "./detail";
import { useDrawn } from "./drawn";

const flow = research();
const nodes = toCanvasNodes(flow, NOTHING, [], types);
const [first] = flow.edges;
const edges = toCanvasEdges(flow, { ...NOTHING, edges: new Set([first!.id]) }, []);

function look(detail: Detail) {
  return renderHook(({ detail }) => useDrawn(nodes, edges, detail), { initialProps: { detail } });
}

describe("what is drawn", () => {
  it("is the flow itself where everything can be read", () => {
    const { result } = look("full");
    expect(result.current.nodes).toBe(nodes);
    expect(result.current.edges).toBe(edges);
  });

  it("has of the edges of blocks those that are chosen, and draws none", () => {
    const { result } = look("block");
    expect(result.current.nodes).toBe(nodes);
    expect(edges.length).toBeGreaterThan(1);
    expect(result.current.edges).toEqual([{ ...edges[0], hidden: true }]);
  });

  it("has other nodes after each approach, and the same ones until then", () => {
    const { result, rerender } = look("block");
    rerender({ detail: "name" });
    const near = result.current.nodes;
    expect(near).toEqual(nodes);
    for (const [index, node] of near.entries()) expect(node).not.toBe(nodes[index]);
    rerender({ detail: "full" });
    rerender({ detail: "block" });
    expect(result.current.nodes).toBe(near);
    rerender({ detail: "name" });
    for (const [index, node] of result.current.nodes.entries()) expect(node).not.toBe(near[index]);
  });
});
