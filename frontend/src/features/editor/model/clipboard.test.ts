/** Pasting never collides, and pasted nodes read each other instead of the originals. */
import { describe, expect, it } from "vitest";
import { random, research, typeOf, types } from "../testing/flows";
import { copy, paste, readClip } from "./clipboard";
import { emptyDefinition, findNode, ID_PATTERN, type FlowDefinition } from "./definition";
import { addNode } from "./edits";

function expectSound(flow: FlowDefinition) {
  const nodes = flow.nodes.map((node) => node.id);
  const edges = flow.edges.map((edge) => edge.id);
  expect(new Set(nodes).size).toBe(nodes.length);
  expect(new Set(edges).size).toBe(edges.length);
  expect(nodes.every((id) => ID_PATTERN.test(id) && flow.layout[id])).toBe(true);
  expect(
    flow.edges.every((edge) => nodes.includes(edge.source) && nodes.includes(edge.target)),
  ).toBe(true);
  expect(flow.nodes.filter((node) => node.type === "input").length).toBeLessThanOrEqual(1);
}

describe("paste", () => {
  it("keeps inner edges and rewrites what pasted nodes read from each other", () => {
    const flow = research();
    const { flow: next, ids } = paste(
      flow,
      copy(flow, new Set(["research", "expand", "check"])),
      types,
    );
    expect(ids).toEqual(["research_2", "check_2", "expand_2"]);
    expect(findNode(next, "expand_2")?.config.prompt).toContain("nodes.research_2.output.title");
    expect(findNode(next, "expand")).toBe(findNode(flow, "expand"));
    expect(next.edges.slice(flow.edges.length)).toMatchObject([
      { source: "research_2", target: "check_2" },
      { source: "check_2", source_handle: "short", target: "expand_2" },
    ]);
  });

  it("keeps references to nodes that were not copied", () => {
    const flow = research();
    const { flow: next } = paste(flow, copy(flow, new Set(["expand"])), types);
    expect(findNode(next, "expand_2")?.config.prompt).toContain("nodes.research.output.title");
  });

  it("leaves out a second input node", () => {
    const flow = research();
    expect(paste(flow, copy(flow, new Set(["in", "out"])), types).ids).toEqual(["out_2"]);
  });

  it("puts the top left corner where it is told", () => {
    const flow = research();
    const { flow: next } = paste(flow, copy(flow, new Set(["check", "expand"])), types, {
      x: 5,
      y: 7,
    });
    expect(next.layout.check_2).toEqual({ x: 5, y: 7 });
    expect(next.layout.expand_2).toEqual({ x: 325, y: 127 });
  });

  it.each(Array.from({ length: 40 }, (_, seed) => seed))("never collides (seed %i)", (seed) => {
    const next = random(seed);
    let flow = seed % 2 ? research() : emptyDefinition();
    const kinds = [...types.keys()];
    for (let step = 0; step < 12; step += 1) {
      if (next() < 0.4) {
        const kind = kinds[Math.floor(next() * kinds.length)] ?? "llm";
        if (kind !== "input")
          flow = addNode(flow, typeOf(kind), { x: next() * 900, y: next() * 900 }).flow;
      } else {
        const chosen = flow.nodes.filter(() => next() < 0.5).map((node) => node.id);
        const before = flow;
        flow = paste(flow, copy(flow, new Set(chosen)), types).flow;
        expect(flow.nodes.slice(0, before.nodes.length)).toEqual(before.nodes);
      }
      expectSound(flow);
    }
  });
});

describe("readClip", () => {
  it("reads what copy wrote", () => {
    const clip = copy(research(), new Set(["in"]));
    expect(readClip(JSON.stringify(clip))).toEqual(clip);
  });
  it.each(["", "hello", "null", "[]", '{"nodes":[]}', '{"schema":"watchbill.flow/v1","nodes":[]}'])(
    "takes %j for something else",
    (text) => expect(readClip(text)).toBeNull(),
  );
});
