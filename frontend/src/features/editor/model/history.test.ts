/** Undo and redo restore exactly, whatever was done between. */
import { describe, expect, it } from "vitest";
import { random, research, typeOf, types } from "../testing/flows";
import { copy, paste } from "./clipboard";
import type { FlowDefinition } from "./definition";
import { addNode, moveNodes, remove, renameNode, updateNode } from "./edits";
import { begin, record, redo, seal, undo, type History } from "./history";

describe("grouping", () => {
  const typing = { key: "label" };
  it("makes one step of a burst of typing", () => {
    let history = record(begin(""), "a", typing, 0);
    history = record(history, "ab", typing, 400);
    history = record(history, "abc", typing, 900);
    expect(undo(history).present).toBe("");
    history = record(history, "abcd", typing, 5000);
    expect(undo(history).present).toBe("abc");
  });
  it("parts two gestures, and two fields", () => {
    let history = record(begin(0), 1, { key: "drag", gapMs: Infinity }, 0);
    history = record(history, 2, { key: "drag", gapMs: Infinity }, 60_000);
    history = record(seal(history), 3, { key: "drag", gapMs: Infinity }, 60_001);
    expect(history.past).toEqual([0, 2]);
    expect(record(history, 4, { key: "other" }, 60_002).past).toEqual([0, 2, 3]);
  });
  it("does not record what changed nothing", () => {
    const history = begin(research());
    expect(record(history, history.present, null, 0)).toBe(history);
    expect(undo(history)).toBe(history);
    expect(redo(history)).toBe(history);
  });
  it("forgets what was undone once something new is done", () => {
    const history = undo(record(begin(1), 2, null, 0));
    expect(redo(record(history, 3, null, 0)).present).toBe(3);
  });
});

function edit(flow: FlowDefinition, next: () => number): FlowDefinition {
  const kinds = ["agent", "llm", "condition", "transform", "output", "crew"];
  const pick = <Item>(list: Item[]) => list[Math.floor(next() * list.length)];
  const id = pick(flow.nodes)?.id ?? "";
  switch (Math.floor(next() * 6)) {
    case 0:
      return addNode(flow, typeOf(pick(kinds) ?? "llm"), { x: next() * 900, y: 0 }).flow;
    case 1:
      return moveNodes(flow, new Map([[id, { x: next() * 900, y: next() * 900 }]]));
    case 2:
      return remove(flow, new Set([id]));
    case 3:
      return updateNode(flow, id, ["config", "prompt"], `text ${next()}`, types);
    case 4:
      return renameNode(flow, id, `${id.slice(0, 20)}_${Math.floor(next() * 1000)}`, types);
    default:
      return paste(flow, copy(flow, new Set([id])), types).flow;
  }
}

describe("undo and redo", () => {
  it.each(Array.from({ length: 40 }, (_, seed) => seed))("restore exactly (seed %i)", (seed) => {
    const next = random(seed);
    let history: History<FlowDefinition> = begin(research());
    const states = [JSON.stringify(history.present)];
    for (let step = 0; step < 25; step += 1) {
      const before = history;
      history = record(history, edit(history.present, next), null, step);
      if (history !== before) states.push(JSON.stringify(history.present));
    }
    for (const state of states.slice(0, -1).reverse()) {
      history = undo(history);
      expect(JSON.stringify(history.present)).toBe(state);
    }
    for (const state of states.slice(1)) {
      history = redo(history);
      expect(JSON.stringify(history.present)).toBe(state);
    }
  });
});
