/** In a flow of many nodes an edit costs what it touches: counted, not timed. */
import { describe, expect, it } from "vitest";
import { types } from "../testing/flows";
import { NOTHING, toCanvasNodes } from "./canvas";
import { followers, refusal } from "./connect";
import { readDefinition, type FlowDefinition } from "./definition";
import { mapNode } from "./edits";
import type { NodeTypeInfo } from "./node-types";
import { mergeProblems } from "./problems";
import { upstreamValues } from "./upstream";

const COUNT = 300;

/** input -> a line of nodes, every third with branches -> output. */
function line(): FlowDefinition {
  const middle = Array.from({ length: COUNT }, (_, index) =>
    index % 3 === 0
      ? {
          id: `node_${index}`,
          type: "condition",
          label: "",
          config: { cases: [{ handle: "yes", when: "true" }], else: "no" },
        }
      : { id: `node_${index}`, type: "transform", label: "", config: { values: { a: "1" } } },
  );
  const nodes = [
    { id: "in", type: "input", label: "", config: { fields: [] } },
    ...middle,
    { id: "out", type: "output", label: "", config: { values: {} } },
  ];
  const edges = nodes.slice(1).map(({ id }, index) => {
    const source = nodes[index]!;
    const handle = source.type === "condition" ? { source_handle: "yes" } : {};
    return { id: `e${index}`, source: source.id, target: id, ...handle };
  });
  return readDefinition({ nodes, edges, layout: {} });
}

describe("a large flow", () => {
  it("finds who may follow a port as the refusals say, going through the edges a few times in all", () => {
    const flow = line();
    for (const [source, handle] of [
      ["node_3", "yes"],
      ["node_3", "no"],
      ["node_100", null],
      ["node_3", "gone"],
      ["out", null],
    ] as const) {
      let walks = 0;
      const edges = new Proxy(flow.edges, {
        get(target, key, receiver) {
          if (key === "map" || key === "some" || key === Symbol.iterator) walks += 1;
          return Reflect.get(target, key, receiver) as unknown;
        },
      });
      const found = followers({ ...flow, edges }, { source, handle }, types);
      expect(walks).toBeLessThan(4);
      const allowed = flow.nodes.filter(
        ({ id }) => refusal(flow, { source, target: id, handle }, types) === null,
      );
      expect(found).toEqual(allowed);
    }
  });

  it("reads the schema of the one node that changed", () => {
    let reads = 0;
    const counted = new Map(
      [...types].map(([kind, type]): [string, NodeTypeInfo] => {
        const { config_schema, ...rest } = type;
        const counting = {
          ...rest,
          get config_schema() {
            reads += 1;
            return config_schema;
          },
        };
        return [kind, counting];
      }),
    );
    const flow = line();
    mergeProblems(flow, counted, null);
    expect(reads).toBeGreaterThanOrEqual(COUNT);
    reads = 0;
    const next = mapNode(flow, "node_7", (node) => ({ ...node, label: "Another" }));
    mergeProblems(next, counted, { flow, problems: [] });
    expect(reads).toBe(1);
  });

  it("says where nodes and their ports are before any is drawn", () => {
    for (const { measured, handles } of toCanvasNodes(line(), NOTHING, [], types)) {
      expect(measured).toMatchObject({ width: 240 });
      expect(handles?.length).toBeGreaterThan(0);
    }
  });

  it("offers what stands before a node, the nearest first", () => {
    const names = upstreamValues(line(), "out").map(({ expression }) => expression);
    expect(names[0]).toBe(`nodes.node_${COUNT - 1}.output`);
    expect(names).toContain("nodes.node_0.output.branch");
  });
});
