/** Expressions, upstream values, problems, summaries and layout read the flow right. */
import { describe, expect, it } from "vitest";
import { research, types } from "../testing/flows";
import { toCanvasEdges, toCanvasNodes, NOTHING } from "./canvas";
import { emptyDefinition, findNode } from "./definition";
import { moveNodes, remove, updateNode } from "./edits";
import { openExpression, openPath, renameInCel, segments } from "./expressions";
import { blank, resolve } from "./json-schema";
import { arrange } from "./layout";
import type { NodeOverlay } from "@/lib/events";
import { createOverlayStore, edgeState } from "./overlay";
import { instantProblems, mergeProblems } from "./problems";
import { shortenTemplate, summarize } from "./summary";
import { lastValue, upstreamValues } from "./upstream";

const names = { agent: () => undefined, crew: () => undefined };

describe("expressions", () => {
  it.each([
    ["nodes.a.output + nodes.ab.output", "nodes.x.output + nodes.ab.output"],
    ["'nodes.a' + nodes . a.output", "'nodes.a' + nodes . x.output"],
    ["inputs.nodes.a", "inputs.nodes.a"],
    ['nodes["a"].output', 'nodes["x"].output'],
    ["nodes['''a'''].output", "nodes['''x'''].output"],
    ['nodes[r"a"].output', 'nodes[r"x"].output'],
    ['nodes[b"a"]', 'nodes[b"a"]'],
    ['r"\\" + nodes.a.output + "\\""', 'r"\\" + nodes.x.output + "\\""'],
    ["nodes.a // nodes.a", "nodes.x // nodes.a"],
    ['"" + nodes.a.output + ""', '"" + nodes.x.output + ""'],
  ])("renames in %s", (source, renamed) => {
    expect(renameInCel(source, { root: "nodes", names: new Map([["a", "x"]]) })).toBe(renamed);
  });
  it("finds expressions, also with braces and quotes inside", () => {
    expect(segments("a {{ {'k': '}}'}['k'] }} b {{ open")).toEqual([
      { expression: false, text: "a " },
      { expression: true, text: " {'k': '}}'}['k'] " },
      { expression: false, text: " b {{ open" },
    ]);
  });
  it.each([
    ['"""a "}} b"""', "triple quotes"],
    ["'''a '}}\n b'''", "triple quotes over lines"],
    ['"""\\"""}}"""', "an escaped quote in triple ones"],
    ['r"\\"', "a raw text that ends with a backslash"],
    ['bR"\\" + "}}"', "raw bytes"],
    ['"\\"}}"', "an escaped quote"],
    ["1 // it's }}\n + 2", "a comment"],
    ["{1: {2: 3}}[1]", "a map in a map"],
    ['"" + "}}"', "an empty text"],
  ])("finds the end behind %s: %s", (source) => {
    expect(segments(`a {{${source}}} b`)).toEqual([
      { expression: false, text: "a " },
      { expression: true, text: source },
      { expression: false, text: " b" },
    ]);
  });
  it.each(["{{ 'it }} b", '{{ """a" }} b', "{{ a // b }} c", "{{ 'a\n' }} b", '{{ r"\\"" }} b'])(
    "finds none where the server finds none: %s",
    (text) => expect(segments(text)).toEqual([{ expression: false, text }]),
  );
  it("knows what is being typed behind texts and maps", () => {
    expect(openExpression('{{ "{{" + no', 12)).toEqual({ start: 0, query: ' "{{" + no' });
    expect(openExpression('{{ r"\\" }} {{ no', 16)).toEqual({ start: 11, query: " no" });
    expect(openExpression("{{ don't }} {{ no", 17)).toEqual({ start: 12, query: " no" });
    expect(openExpression('{{ """}}""" }} x', 16)).toBeNull();
  });
  it("knows what is being typed at the caret", () => {
    expect(openExpression("x {{ no", 7)).toEqual({ start: 2, query: " no" });
    expect(openExpression("x {{", 4)).toEqual({ start: 2, query: "" });
    expect(openExpression("x {{ no }} y", 12)).toBeNull();
    expect(openExpression("plain", 5)).toBeNull();
    expect(openPath("size(nodes.re", 13)).toEqual({ start: 5, query: "nodes.re" });
  });
});

describe("upstreamValues", () => {
  it("offers inputs, then what runs before, with the fields of schemas", () => {
    expect(upstreamValues(research(), "expand").map((value) => value.expression)).toEqual([
      "inputs.topic",
      "nodes.check.output",
      "nodes.check.output.branch",
      "nodes.research.output",
      "nodes.research.output.title",
      "nodes.research.output.points",
      "nodes.research.output.meta",
      'nodes.research.output.meta["source-url"]',
    ]);
  });
  it("offers nothing that runs later", () => {
    expect(upstreamValues(research(), "research").map((value) => value.expression)).toEqual([
      "inputs.topic",
    ]);
    expect(upstreamValues(research(), "in")).toEqual([]);
  });
  it("finds the last value", () => {
    const values = upstreamValues(research(), "expand");
    const last = {
      inputs: { topic: "tides" },
      output: () => ({ title: "Tides" }),
      input: () => null,
    };
    const read = (expression: string) =>
      lastValue(
        values.find((value) => value.expression === expression)!,
        last,
      );
    expect(read("inputs.topic")).toBe("tides");
    expect(read("nodes.research.output.title")).toBe("Tides");
    expect(read('nodes.research.output.meta["source-url"]')).toBeUndefined();
  });
});

describe("problems", () => {
  it("finds none in a sound flow, and both ends missing in an empty one", () => {
    expect(instantProblems(research(), types)).toEqual([]);
    const codes = instantProblems(emptyDefinition(), types).map((problem) => problem.code);
    expect(codes).toEqual(["no_input", "no_output"]);
  });
  it("names the node and field", () => {
    const flow = updateNode(research(), "research", ["config", "task", "description"], "", types);
    expect(instantProblems(flow, types)).toMatchObject([
      { node_id: "research", field: "config.task.description", message: "This field is empty." },
    ]);
    const alone = remove(research(), new Set(["check"]));
    expect(instantProblems(alone, types).map((problem) => problem.node_id)).toEqual([
      "expand",
      "out",
    ]);
  });
  it("keeps the server's word until what it is about changes", () => {
    const flow = research();
    const said = {
      node_id: "expand",
      field: "config.prompt",
      code: "expression_syntax",
      message: "Line 1.",
      severity: "error" as const,
    };
    const checked = { flow, problems: [said] };
    expect(mergeProblems(flow, types, checked)).toEqual([said]);
    const moved = moveNodes(flow, new Map([["in", { x: 1, y: 1 }]]));
    expect(mergeProblems(moved, types, checked)).toEqual([said]);
    const mended = updateNode(flow, "expand", ["config", "prompt"], "Expand.", types);
    expect(mergeProblems(mended, types, checked)).toEqual([]);
  });
});

describe("summaries", () => {
  it.each([
    ["in", "Asks for topic"],
    ["research", "Researcher · Research {{topic}}"],
    ["check", "long when size(research.title) > 200"],
    ["expand", "Expand {{research.title}}, “nodes.research”"],
    ["out", "Returns report"],
  ])("%s: %s", (id, line) => {
    expect(summarize(findNode(research(), id)!, names, "")).toBe(line);
  });
  it("is one line", () => expect(shortenTemplate("a\n\n b")).toBe("a b"));
});

describe("canvas", () => {
  it("keeps every object that did not change", () => {
    const flow = research();
    const nodes = toCanvasNodes(flow, NOTHING, [], types);
    const edges = toCanvasEdges(flow, NOTHING, []);
    // The lists too: React Flow takes another list for another flow, and goes through all of it.
    expect(toCanvasEdges(flow, NOTHING, edges)).toBe(edges);
    expect(toCanvasNodes(flow, NOTHING, nodes, types)).toBe(nodes);
    const moved = moveNodes(flow, new Map([["out", { x: 1, y: 2 }]]));
    const next = toCanvasNodes(moved, NOTHING, nodes, types);
    expect(next.map((node, index) => node === nodes[index])).toEqual([
      true,
      true,
      true,
      true,
      false,
    ]);
    expect(next[4]?.data).toBe(nodes[4]?.data);
  });
});

describe("layout", () => {
  it("goes from left to right without overlaps", async () => {
    const places = await arrange(research(), types, new Map());
    const x = ["in", "research", "check", "expand", "out"].map((id) => places.get(id)?.x ?? 0);
    expect(x).toEqual(x.toSorted((one, two) => one - two));
    expect(new Set(x).size).toBe(5);
    expect(x[0]).toBe(0);
  });
});

describe("overlay of an execution", () => {
  const ended = (status: NodeOverlay["status"], handle: string | null = null): NodeOverlay => ({
    status,
    handle,
    startedAt: null,
    finishedAt: null,
    waited: { ms: 0, since: null },
    text: "",
    tokens: 0,
    costUsd: 0,
    error: null,
    until: null,
    asks: false,
    iterations: null,
    iterationCounts: { over: 0, failed: 0 },
    input: null,
    output: null,
  });
  it("wakes only the node that changed", () => {
    const store = createOverlayStore();
    const done = ended("completed");
    store.getState().show("execution", { in: done }, { topic: "tides" });
    store.getState().update({ research: ended("running") });
    expect(store.getState().nodes.in).toBe(done);
    expect(store.getState().nodes.research?.status).toBe("running");
    store.getState().clear();
    expect(store.getState()).toMatchObject({ executionId: null, nodes: {}, inputs: null });
  });
  it("knows which edges the execution took", () => {
    const [, , long, short] = research().edges;
    const check = ended("completed", "long");
    expect(long && edgeState(long, check, ended("running"))).toBe("flowing");
    expect(long && edgeState(long, check, ended("completed"))).toBe("taken");
    expect(long && edgeState(long, ended("failed", null), ended("pending"))).toBe("idle");
    expect(short && edgeState(short, check, ended("skipped"))).toBe("idle");
    expect(short && edgeState(short, undefined, undefined)).toBe("idle");
  });
});

describe("JSON Schema", () => {
  it("unwraps references and null", () => {
    const root = types.get("agent")?.config_schema ?? {};
    expect(resolve(root.properties?.agent ?? {}, root)).toMatchObject({
      nullable: true,
      type: "object",
    });
    const field = types.get("input")?.config_schema.$defs?.InputField ?? {};
    expect(blank(field, types.get("input")?.config_schema ?? {})).toEqual({ name: "" });
  });
});
