/** Bodies are edited like flows of their own, and what happens in them is kept by the flow around. */
import { describe, expect, it, vi } from "vitest";
import { createEditorStore, type EditorStore } from "../store";
import { types, typeOf } from "../testing/flows";
import { add, goUp, openBody, pasteText, selectionText, showPath, chosenPath } from "../actions";
import { readDefinition, type FlowDefinition } from "./definition";
import { addNode, idRefusal, renameNode, room } from "./edits";
import { changedLevel, levelOf, locate, prefixOf, readLevel, writeLevel } from "./levels";
import { indexProblems, instantProblems } from "./problems";
import { innerValues, upstreamValues } from "./upstream";

/** in -> each (map: write -> keep) -> out */
function mapped(): FlowDefinition {
  return readDefinition({
    nodes: [
      {
        id: "in",
        type: "input",
        label: "Input",
        config: { fields: [{ name: "topics", type: "list" }] },
      },
      {
        id: "each",
        type: "map",
        label: "Each topic",
        config: {
          items: "{{ inputs.topics }}",
          result: "{{ nodes.keep.output.text }}",
          body: {
            nodes: [
              { id: "write", type: "llm", label: "Write", config: { prompt: "On {{ item }}" } },
              {
                id: "keep",
                type: "transform",
                label: "Keep",
                config: { values: { text: "{{ nodes.write.output }}" } },
              },
            ],
            edges: [{ id: "b1", source: "write", target: "keep" }],
            layout: { write: { x: 0, y: 0 }, keep: { x: 320, y: 0 } },
          },
        },
      },
      {
        id: "out",
        type: "output",
        label: "Output",
        config: { values: { all: "{{ nodes.each.output }}" } },
      },
    ],
    edges: [
      { id: "e1", source: "in", target: "each" },
      { id: "e2", source: "each", target: "out" },
    ],
    layout: { in: { x: 0, y: 0 }, each: { x: 320, y: 0 }, out: { x: 640, y: 0 } },
  });
}

function clipOf(store: EditorStore, ids: string[]): string {
  store.getState().select(ids);
  return selectionText(store) ?? "";
}

const inEach = [{ node: "each", iteration: 2 }];

function body(flow: FlowDefinition = mapped()): FlowDefinition {
  const level = readLevel(flow, inEach, types);
  if (!level) throw new Error("no body");
  return level;
}

describe("paths", () => {
  it("lead to levels and back", () => {
    expect(prefixOf(inEach)).toBe("each[2].");
    expect(levelOf("each[2]")).toEqual(inEach);
    expect(locate("a[0].b[11].ask")).toEqual({
      level: [
        { node: "a", iteration: 0 },
        { node: "b", iteration: 11 },
      ],
      node: "ask",
    });
    expect(locate("each[2]")).toEqual({ level: inEach, node: null });
    expect(locate("ask")).toEqual({ level: [], node: "ask" });
  });
});

describe("a body", () => {
  it("is read and written as a flow", () => {
    const flow = mapped();
    expect(body(flow).nodes.map(({ id }) => id)).toEqual(["write", "keep"]);
    const written = writeLevel({ ...body(flow), edges: [] }, types);
    expect(body(written).edges).toEqual([]);
    expect(written.nodes[0]).toBe(flow.nodes[0]);
    expect(changedLevel(flow, written, types)).toEqual([{ node: "each", iteration: 0 }]);
    expect(JSON.stringify(written)).not.toContain("outer");
  });
  it("takes no Input and no Output, and no id that stands around it", () => {
    expect(room(body(), typeOf("input"))).toBe(0);
    expect(room(body(), typeOf("output"))).toBe(0);
    expect(idRefusal(body(), "write", "out")).toMatch("Another node");
    expect(idRefusal(mapped(), "out", "write")).toMatch("Another node");
    expect(addNode(body(), typeOf("map"), { x: 0, y: 0 }).id).toBe("map");
  });
  it("is followed by what its node says of it", () => {
    const renamed = writeLevel(renameNode(body(), "keep", "kept", types), types);
    const each = renamed.nodes[1];
    expect(each?.config.result).toBe("{{ nodes.kept.output.text }}");
  });
  it("follows what it reads from around", () => {
    const flow = mapped();
    const inner = body(flow);
    const reading = inner.nodes.map((node) =>
      node.id === "write" ? { ...node, config: { prompt: "{{ nodes.in.output }}" } } : node,
    );
    const renamed = renameNode(
      writeLevel({ ...inner, nodes: reading }, types),
      "in",
      "start",
      types,
    );
    expect(body(renamed).nodes[0]?.config.prompt).toBe("{{ nodes.start.output }}");
  });
  it("offers what an iteration works on and what runs around", () => {
    const offered = upstreamValues(body(), "keep", inEach).map(({ expression }) => expression);
    expect(offered).toEqual(["item", "index", "inputs.topics", "nodes.write.output"]);
    const each = mapped().nodes[1];
    const after = each && innerValues(mapped(), each, types).map(({ expression }) => expression);
    expect(after).toEqual(expect.arrayContaining(["item", "nodes.keep.output.text"]));
  });
});

describe("problems", () => {
  it("in a body are named by path, and show on its node", () => {
    const next = structuredClone(mapped());
    (next.nodes[1]?.config.body as FlowDefinition).nodes[0]!.config.prompt = "";
    const problems = instantProblems(next, types);
    expect(problems).toMatchObject([{ node_id: "each.write", field: "config.prompt" }]);
    expect([...indexProblems(problems).nodes.keys()]).toEqual(["each"]);
    expect([...indexProblems(problems, ["each"]).nodes.keys()]).toEqual(["write"]);
  });
  it("say that a body is empty", () => {
    const next = structuredClone(mapped());
    next.nodes[1]!.config.body = { nodes: [], edges: [] };
    delete next.nodes[1]!.config.result;
    expect(instantProblems(next, types)).toMatchObject([{ node_id: "each", code: "empty_body" }]);
  });
});

describe("the store", () => {
  it("edits the level that is open, and undoes where it happened", () => {
    const store = createEditorStore(types, mapped());
    expect(openBody(store, "each")).toBe(true);
    add(store, "llm", { position: { x: 0, y: 200 } });
    expect(store.getState().flow.nodes).toHaveLength(3);
    expect(store.getState().history.present.nodes).toHaveLength(3);
    goUp(store, 0);
    expect([...store.getState().selection.nodes]).toEqual(["each"]);
    store.getState().undo();
    expect(store.getState().prefix).toBe("each[0].");
    expect(store.getState().flow.nodes).toHaveLength(2);
    store.getState().redo();
    expect(store.getState().flow.nodes).toHaveLength(3);
  });
  it("goes to a path of an execution and tells where it is", () => {
    const store = createEditorStore(types, mapped());
    showPath(store, "each[1].write");
    expect(chosenPath(store.getState())).toBe("each[1].write");
    store.getState().select([]);
    expect(chosenPath(store.getState())).toBe("each[1]");
    showPath(store, null);
    expect(chosenPath(store.getState())).toBeNull();
  });
  it("pastes a node with its body under ids of its own", () => {
    const store = createEditorStore(types, mapped());
    expect(pasteText(store, clipOf(store, ["each"]))).toBe(true);
    const copy = store.getState().flow.nodes.at(-1);
    expect(copy?.id).toBe("each_2");
    expect(copy?.config.result).toBe("{{ nodes.keep_2.output.text }}");
    const inner = copy?.config.body as FlowDefinition;
    expect(inner.nodes.map(({ id }) => id)).toEqual(["write_2", "keep_2"]);
    expect(inner.edges).toMatchObject([{ source: "write_2", target: "keep_2" }]);
    expect(inner.nodes[1]?.config.values).toEqual({ text: "{{ nodes.write_2.output }}" });
  });
  it("pastes text that says no places", async () => {
    const store = createEditorStore(types, mapped());
    const clip = JSON.parse(clipOf(store, ["in", "each", "out"])) as FlowDefinition;
    expect(pasteText(store, JSON.stringify({ ...clip, layout: undefined }))).toBe(true);
    await vi.waitFor(() => expect(store.getState().flow.nodes).toHaveLength(5), {
      timeout: 20_000,
    });
    const { each_2, out_2 } = store.getState().flow.layout;
    expect(out_2!.x).toBeGreaterThan(each_2!.x + 240);
  });
  it("leaves a body that is gone", () => {
    const store = createEditorStore(types, mapped());
    openBody(store, "each");
    store.getState().load({ ...mapped(), nodes: [], edges: [] });
    expect(store.getState().level).toEqual([]);
  });
});
