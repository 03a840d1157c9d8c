/** Flows that nobody drew are opened with every node in a place of its own. */
import { describe, expect, it } from "vitest";
import { types } from "../testing/flows";
import type { FlowDefinition } from "./definition";
import { openDefinition, withPlaces } from "./places";
import { bodyFlow } from "./levels";

const node = (id: string, type = "transform", config = {}) => ({ id, type, label: "", config });
const edge = (source: string, target: string) => ({ id: `${source}-${target}`, source, target });

/** in -> (left, right) -> out */
const branches = {
  nodes: [node("in", "input"), node("left"), node("right"), node("out", "output")],
  edges: [edge("in", "left"), edge("in", "right"), edge("left", "out"), edge("right", "out")],
};

const opened = (value: Partial<FlowDefinition>) => openDefinition(value, types);

describe("a flow without a layout", () => {
  it("stands in columns, branches below each other", () => {
    const { layout } = opened(branches);
    expect(layout.in!.x).toBeLessThan(layout.left!.x);
    expect(layout.left!.x).toBe(layout.right!.x);
    expect(layout.right!.y).toBeGreaterThan(layout.left!.y + 64);
    expect(layout.out!.x).toBeGreaterThan(layout.left!.x + 240);
    expect(layout.in!.y).toBe((layout.left!.y + layout.right!.y) / 2);
  });

  it("has what is connected to nothing below the rest", () => {
    const { layout } = opened({ ...branches, nodes: [node("a", "note"), ...branches.nodes] });
    expect(layout.a!.y).toBeGreaterThan(Math.max(layout.in!.y, layout.right!.y) + 64);
    expect(layout.in!.y).toBe((layout.left!.y + layout.right!.y) / 2);
  });

  it("has its bodies laid out too", () => {
    const body = { nodes: [node("a"), node("b")], edges: [edge("a", "b")] };
    const flow = opened({ nodes: [node("each", "map", { items: "{{ [1] }}", body })] });
    const { layout } = bodyFlow(flow, flow.nodes[0]!, types)!;
    expect(layout.b!.x).toBeGreaterThan(layout.a!.x);
  });

  it("may have a circle, which is a fault to be shown and not to hang on", () => {
    const { layout } = opened({
      nodes: [node("a"), node("b")],
      edges: [edge("a", "b"), edge("b", "a")],
    });
    expect(new Set(Object.values(layout).map(({ x, y }) => `${x},${y}`)).size).toBe(2);
  });

  it("may name nodes that are not there, and be thousands of nodes long", () => {
    const nodes = Array.from({ length: 3000 }, (_, index) => node(`n${index}`));
    const edges = nodes.slice(1).map(({ id }, index) => edge(`n${index}`, id));
    const { layout } = opened({ nodes, edges: [...edges, edge("nobody", "n1")] });
    expect(Object.keys(layout)).toHaveLength(3000);
  });
});

describe("a flow with a layout", () => {
  it("keeps it as it is", () => {
    const layout = { in: { x: 5, y: 5 }, left: { x: 9, y: 9 } };
    expect(withPlaces(branches.nodes.slice(0, 2), [], layout)).toBe(layout);
  });

  it("gets the nodes that were left out below the others", () => {
    const layout = { in: { x: 100, y: 40 }, left: { x: 428, y: 300 } };
    const whole = opened({ ...branches, layout }).layout;
    expect(whole).toMatchObject(layout);
    expect(whole.right!.y).toBeGreaterThan(300 + 64);
    expect(whole.out!.x).toBeGreaterThan(whole.right!.x);
  });
});
