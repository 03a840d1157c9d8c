/** Flows and node types that the editor's tests work on; the types are as the server gives them. */
import { readDefinition, type FlowDefinition } from "../model/definition";
import { indexTypes, type NodeTypeInfo } from "../model/node-types";
import items from "./node-types.json";

export const types = indexTypes(items as unknown as NodeTypeInfo[]);

export function typeOf(kind: string): NodeTypeInfo {
  const type = types.get(kind);
  if (!type) throw new Error(`no node type ${kind}`);
  return type;
}

/** input -> research (agent) -> check (condition) -> long: out, short: llm -> out. */
export function research(): FlowDefinition {
  return readDefinition({
    nodes: [
      {
        id: "in",
        type: "input",
        label: "Topic",
        config: { fields: [{ name: "topic", type: "string", required: true }] },
      },
      {
        id: "research",
        type: "agent",
        label: "Research",
        config: {
          agent: { role: "Researcher", goal: "Find facts on {{ inputs.topic }}", backstory: "" },
          task: {
            description: "Research {{ inputs.topic }}",
            expected_output: "Five bullet points",
            output_schema: {
              type: "object",
              properties: {
                title: { type: "string" },
                points: { type: "array" },
                meta: { type: "object", properties: { "source-url": { type: "string" } } },
              },
            },
          },
        },
      },
      {
        id: "check",
        type: "condition",
        label: "Check",
        config: {
          cases: [{ handle: "long", when: "size(nodes.research.output.title) > 200" }],
          else: "short",
        },
      },
      {
        id: "expand",
        type: "llm",
        label: "Expand",
        config: { prompt: "Expand {{ nodes.research.output.title }}, “nodes.research”" },
      },
      {
        id: "out",
        type: "output",
        label: "Report",
        config: { values: { report: '{{ nodes["research"].output }}' } },
      },
    ],
    edges: [
      { id: "e1", source: "in", target: "research" },
      { id: "e2", source: "research", target: "check" },
      { id: "e3", source: "check", source_handle: "long", target: "out" },
      { id: "e4", source: "check", source_handle: "short", target: "expand" },
      { id: "e5", source: "expand", target: "out" },
    ],
    layout: {
      in: { x: 0, y: 0 },
      research: { x: 320, y: 0 },
      check: { x: 640, y: 0 },
      expand: { x: 960, y: 120 },
      out: { x: 1280, y: 0 },
    },
  });
}

/** A generator of the same numbers for the same seed (mulberry32), so that a failure can be repeated. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
