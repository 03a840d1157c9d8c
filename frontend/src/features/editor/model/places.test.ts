/** Flows that nobody drew are opened with every node in a place of its own. */
import { describe, expect, it } from "vitest";
import { types } from "../testing/flows";
import type { FlowDefinition } from "./definition";
import { openDefinition, openedAtOnce } from "./places";
import { bodyFlow } from "./levels";

const node = (id: string, type = "transform", config = {}) => ({ id, type, label: "", config });
const edge = (source: string, target: string) => ({ id: `${source}-${target}`, source, target });

/** in -> (left, right) -> out */
const branches = {
  nodes: [node("in", "input"), node("left"), node("right"), node("out", "output")],
  edges: [edge("in", "left"), edge("in", "right"), edge("left", "out"), edge("right", "out")],
};

const opened = (value: Partial<FlowDefinition>) => openDefinition(value, types);

const cases = ["many", "few"].map((handle) => ({ handle, when: "true" }));
/** in -> check -> (many: each, few: one, none) -> out, written in another order than the ports have */
const ported = {
  nodes: [
    node("in", "input"),
    node("check", "condition", { cases, else: "none" }),
    node("one"),
    node("each"),
    node("out", "output"),
  ],
  edges: [
    edge("in", "check"),
    { ...edge("check", "out"), source_handle: "none" },
    { ...edge("check", "one"), source_handle: "few" },
    { ...edge("check", "each"), source_handle: "many" },
    edge("each", "out"),
    edge("one", "out"),
  ],
};

describe("a flow without a layout", () => {
  it("is not drawn before its places are found", () => {
    expect(openedAtOnce(branches, types)).toBeUndefined();
    const body = { nodes: [node("a")], edges: [] };
    const each = node("each", "map", { items: "{{ [1] }}", body });
    const outer = { nodes: [each], layout: { each: { x: 0, y: 0 } } };
    expect(openedAtOnce(outer, types)).toBeUndefined();
  });

  it("stands in columns, branches below each other", async () => {
    const { layout } = await opened(branches);
    expect(layout.in!.x).toBeLessThan(layout.left!.x);
    expect(layout.left!.x).toBe(layout.right!.x);
    expect(Math.abs(layout.right!.y - layout.left!.y)).toBeGreaterThan(64);
    expect(layout.out!.x).toBeGreaterThan(layout.left!.x + 240);
    expect(layout.in!.y).toBe((layout.left!.y + layout.right!.y) / 2);
  });

  it("has what follows the ports of a node in their order, and stands in line with it", async () => {
    const { layout } = await opened(ported);
    expect(layout.each!.y).toBeLessThan(layout.one!.y);
    expect(layout.check!.y).toBe(layout.in!.y);
  });

  it("has no edge behind a node it does not lead to", async () => {
    const { layout } = await opened(ported);
    // The third port is in the middle of the third row of ports; the edge arrives at the head of "out".
    const [leaves, arrives] = [layout.check!.y + 64 + 5 + 2.5 * 24, layout.out!.y + 32];
    expect(layout.one!.y + 64).toBeLessThan(Math.min(leaves, arrives));
  });

  it("leaves room for the branches of a node and the way into a body", async () => {
    const many = Array.from({ length: 8 }, (_, index) => ({ handle: `c${index}`, when: "true" }));
    const check = node("check", "condition", { cases: many, else: "other" });
    const { layout } = await opened({
      nodes: [node("in", "input"), check, node("below")],
      edges: [edge("in", "check"), edge("in", "below")],
    });
    const [top, bottom] = [layout.check!.y, layout.below!.y].toSorted((a, b) => a - b);
    expect(bottom! - top!).toBeGreaterThan(layout.check!.y === top ? 64 + 9 * 24 : 64);
  });

  it("has what is connected to nothing in a row below the rest", async () => {
    const notes = [node("a", "note"), node("b", "note")];
    const { layout } = await opened({ ...branches, nodes: [...notes, ...branches.nodes] });
    expect(layout.a!.y).toBeGreaterThan(Math.max(layout.left!.y, layout.right!.y) + 64);
    expect(layout.b!.y).toBe(layout.a!.y);
    expect(layout.b!.x).toBeGreaterThan(layout.a!.x + 400);
  });

  it("has its bodies laid out too", async () => {
    const body = { nodes: [node("a"), node("b")], edges: [edge("a", "b")] };
    const flow = await opened({ nodes: [node("each", "map", { items: "{{ [1] }}", body })] });
    const { layout } = bodyFlow(flow, flow.nodes[0]!, types)!;
    expect(layout.b!.x).toBeGreaterThan(layout.a!.x);
  });

  it("may have a circle, which is a fault to be shown and not to hang on", async () => {
    const { layout } = await opened({
      nodes: [node("a"), node("b")],
      edges: [edge("a", "b"), edge("b", "a"), edge("a", "a")],
    });
    expect(new Set(Object.values(layout).map(({ x, y }) => `${x},${y}`)).size).toBe(2);
  });

  it("may name nodes that are not there, and have names that mean something to a program", async () => {
    const nodes = [node("constructor"), node("b"), node("b")];
    const edges = [edge("constructor", "b"), edge("constructor", "b"), edge("nobody", "b")];
    const { layout } = await opened({ nodes, edges });
    expect(Object.keys(layout).toSorted()).toEqual(["b", "constructor"]);
    expect(layout.b).not.toEqual(Object.entries(layout).find(([id]) => id === "constructor")?.[1]);
  });
});

describe("a flow with a layout", () => {
  it("keeps it as it is, and needs no waiting", async () => {
    const layout = { in: { x: 5, y: 5 }, left: { x: 9, y: 9 } };
    const flow = { nodes: branches.nodes.slice(0, 2), layout };
    expect((await opened(flow)).layout).toBe(layout);
    expect(openedAtOnce(flow, types)?.layout).toBe(layout);
  });

  it("gets the nodes that were left out below the others", async () => {
    const layout = { in: { x: 100, y: 40 }, left: { x: 428, y: 300 } };
    const whole = (await opened({ ...branches, layout })).layout;
    expect(whole).toMatchObject(layout);
    expect(whole.right!.y).toBeGreaterThan(300 + 64);
    expect(whole.right!.x).toBe(100);
    expect(whole.out!.x).toBeGreaterThan(whole.right!.x);
  });
});
