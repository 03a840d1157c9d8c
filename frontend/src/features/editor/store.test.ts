/** The editor's store: gestures, undo, selection and looking without touching. */
import { describe, expect, it } from "vitest";
import { add, duplicateSelection, nudge, removeSelection } from "./actions";
import { mapNode } from "./model/edits";
import { createEditorStore } from "./store";
import { research, types } from "./testing/flows";

const open = (readOnly = false) => createEditorStore(types, research(), readOnly);
const drag = (x: number, dragging: boolean) => [
  { type: "position" as const, id: "out", position: { x, y: 0 }, dragging },
];

describe("editor store", () => {
  it("takes a drag as one step", () => {
    const store = open();
    for (const x of [1300, 1310, 1320]) store.getState().onNodesChange(drag(x, true));
    store.getState().onNodesChange(drag(1330, false));
    store.getState().onNodesChange(drag(1340, true));
    expect(store.getState().history.past).toHaveLength(2);
    store.getState().undo();
    expect(store.getState().flow.layout.out).toEqual({ x: 1330, y: 0 });
    store.getState().undo();
    expect(store.getState().flow).toEqual(research());
  });

  it("keeps sizes out of the history", () => {
    const store = open();
    const dimensions = { width: 240, height: 64 };
    store.getState().onNodesChange([{ type: "dimensions", id: "in", dimensions }]);
    expect(store.getState().history.past).toEqual([]);
    expect(store.getState().nodes[0]?.measured).toEqual(dimensions);
  });

  it("selects what was added and drops from the selection what is gone", () => {
    const store = open();
    add(store, "llm", { edge: "e1" });
    expect([...store.getState().selection.nodes]).toEqual(["llm"]);
    expect(store.getState().fresh).toBe("llm");
    store.getState().undo();
    expect(store.getState().selection.nodes.size).toBe(0);
    expect(store.getState().fresh).toBeNull();
  });

  it("removes, duplicates and nudges the selection", () => {
    const store = open();
    store.getState().select(["expand"]);
    duplicateSelection(store);
    expect([...store.getState().selection.nodes]).toEqual(["expand_2"]);
    nudge(store, { x: 8, y: 0 });
    nudge(store, { x: 8, y: 0 });
    expect(store.getState().history.past).toHaveLength(2);
    removeSelection(store);
    expect(store.getState().flow.nodes.map((node) => node.id)).not.toContain("expand_2");
  });

  it("knows problems by node", () => {
    const store = open();
    store.getState().select(["check"]);
    removeSelection(store);
    expect([...store.getState().problemIndex.nodes.keys()]).toEqual(["expand", "out"]);
  });

  it("changes nothing but the node that is typed into", () => {
    const store = open();
    store.getState().select(["check"]);
    removeSelection(store);
    const before = store.getState();
    expect(before.problems.length).toBeGreaterThan(0);
    before.edit((flow) => mapNode(flow, "in", (node) => ({ ...node, label: "Asked" })));
    const after = store.getState();
    const changed = after.nodes.filter((node) => !before.nodes.includes(node));
    expect(changed.map(({ id }) => id)).toEqual(["in"]);
    expect(after.problems).toBe(before.problems);
    expect(after.problemIndex).toBe(before.problemIndex);
    const typed = (label: string) =>
      before.edit((flow) => mapNode(flow, "in", (node) => ({ ...node, label })), {
        key: "in.label",
      });
    for (const label of ["A", "As", "Ask"]) typed(label);
    expect(store.getState().nodes).toBe(after.nodes);
    expect(store.getState().edges).toBe(after.edges);
    before.settle();
    expect(store.getState().nodes[0]?.ariaLabel).toBe("Ask, input node");
    expect(store.getState().edges[0]?.ariaLabel).toMatch(/^From Ask to /);
    before.edit((flow) => mapNode(flow, "out", (node) => ({ ...node, config: {} })));
    expect(store.getState().problems).not.toBe(before.problems);
  });

  it("knows what was typed and cannot be read as a problem of its node, until it can", () => {
    const store = open();
    const codes = () => store.getState().problems.map(({ node_id, code }) => `${node_id} ${code}`);
    store.getState().keepDraft("expand", "config.output_schema", '{"type": ');
    expect(codes()).toContain("expand half_typed");
    expect([...(store.getState().problemIndex.nodes.get("expand") ?? [])]).toHaveLength(1);
    store.getState().rename("expand", "grown");
    expect(codes()).toContain("grown half_typed");
    expect([...store.getState().selection.nodes]).toEqual(["grown"]);
    removeSelection(store);
    expect(codes().filter((code) => code.includes("half_typed"))).toEqual([]);
    store.getState().undo();
    expect(codes()).toContain("grown half_typed");
    store.getState().keepDraft("grown", "config.output_schema", null);
    expect(codes()).not.toContain("grown half_typed");
    expect(store.getState().drafts).toEqual({});
  });

  it("hears no edit when it is read-only", () => {
    const store = open(true);
    const before = store.getState().flow;
    store.getState().select(["expand"]);
    removeSelection(store);
    add(store, "llm", { edge: "e1" });
    store.getState().onNodesChange(drag(1, false));
    expect(store.getState().flow).toBe(before);
  });
});
