/** What is in bodies: found by path, listed under its node when opened, and what a fork may change. */
import { describe, expect, it } from "vitest";
import { foldEvent, newFolding, snapshot, NO_USAGE, type ExecutionEvent } from "@/lib/events";
import type { FlowDefinition } from "../api";
import { editable, readOutputs } from "./forks";
import { around, bareItems, eventPlace, outline, itemAt, itemsIn } from "./outline";
import { rowsOf } from "./rows";

const flow: FlowDefinition = {
  nodes: [
    { id: "in", type: "input", label: "Input" },
    { id: "hint", type: "note" },
    {
      id: "each",
      type: "map",
      label: "Each topic",
      config: {
        body: {
          nodes: [
            { id: "keep", type: "transform", label: "Keep" },
            { id: "ask", type: "llm", label: "Ask" },
          ],
          edges: [{ id: "b", source: "ask", target: "keep" }],
        },
      },
    },
    { id: "out", type: "output", label: "Output" },
  ],
  edges: [
    { id: "e1", source: "in", target: "each" },
    { id: "e2", source: "each", target: "out" },
  ],
};

/** in is done, each has two of three iterations under way, the first has failed. */
function state() {
  const folding = newFolding(["in", "each", "out"]);
  let seq = 0;
  const tell = (type: string, node: string | null, data: object) =>
    foldEvent(folding, {
      seq: (seq += 1),
      execution_id: "x",
      type,
      node_id: node,
      timestamp: new Date(Date.UTC(2026, 0, 1) + seq * 1000).toISOString(),
      data,
    } as ExecutionEvent);
  const begin = { attempt: 1, input: null };
  const done = { attempt: 1, output: { topic: "tides" }, handle: null, usage: NO_USAGE };
  tell("execution_queued", null, { flow_id: null, version: 1, inputs: {} });
  tell("execution_started", null, { epoch: 1 });
  tell("node_started", "in", begin);
  tell("node_completed", "in", done);
  tell("node_started", "each", { ...begin, iterations: 3 });
  for (const index of [0, 1]) {
    tell("node_started", `each[${index}]`, begin);
    tell("node_started", `each[${index}].ask`, begin);
  }
  const error = { kind: "user", code: "no", message: "No." };
  tell("node_failed", "each[0].ask", {
    attempt: 1,
    error,
    handled: false,
    handle: null,
    usage: NO_USAGE,
  });
  tell("node_failed", "each[0]", {
    attempt: 1,
    error,
    handled: true,
    handle: null,
    usage: NO_USAGE,
  });
  return snapshot(folding, null);
}

it("lists no iterations before the flow is known", () => {
  expect(bareItems(["each", "each[0]", "each[0].ask", "out"]).map(({ id }) => id)).toEqual([
    "each",
    "out",
  ]);
});

describe("items", () => {
  it("leave remarks out and are found in bodies", () => {
    expect(outline(flow).map(({ id }) => id)).toEqual(["in", "each", "out"]);
    expect(itemsIn(flow, "each[2]").map(({ id }) => id)).toEqual(["each[2].ask", "each[2].keep"]);
    expect(itemAt(flow, "each[2].ask")).toMatchObject({ name: "Ask", type: "llm" });
    expect(itemAt(flow, "each[2]")).toMatchObject({ name: "Each topic, 3", type: "iteration" });
    expect(itemAt(flow, "each[2].gone")).toBeUndefined();
    expect(around("a[0].b[11].c")).toEqual(["a", "a[0]", "a[0].b", "a[0].b[11]"]);
    expect(eventPlace("each[2].ask", (path) => itemAt(flow, path))).toBe("Each topic, 3 · Ask");
  });
});

describe("rows", () => {
  const ids = (opened: string[], selected: string | null = null) =>
    rowsOf(outline(flow), state(), flow, new Set(opened), selected).map(({ item }) => item.id);

  it("hold iterations back until they are asked for", () => {
    expect(ids([])).toEqual(["in", "each", "out"]);
    expect(ids(["each"])).toEqual(["in", "each", "each[0]", "each[1]", "out"]);
    expect(ids([], "each[1].ask")).toEqual([
      "in",
      "each",
      "each[0]",
      "each[1]",
      "each[1].ask",
      "each[1].keep",
      "out",
    ]);
  });
  it("count what is over", () => {
    expect(state().nodes.get("each")?.iterationCounts).toEqual({ over: 1, failed: 1 });
  });
});

describe("rows of many iterations", () => {
  const many = () => {
    const folding = newFolding(["each"]);
    const tell = (seq: number, node: string, type: string, data: object) =>
      foldEvent(folding, {
        seq,
        execution_id: "x",
        type,
        node_id: node,
        timestamp: "2026-01-01T00:00:00Z",
        data: { attempt: 1, input: null, ...data },
      } as ExecutionEvent);
    tell(1, "each", "node_started", { iterations: 1000 });
    for (let index = 0; index < 250; index += 1) {
      const done = { output: 1, handle: null, usage: NO_USAGE };
      tell(2 * index + 2, `each[${index}]`, "node_started", {});
      tell(2 * index + 3, `each[${index}]`, "node_completed", done);
    }
    return snapshot(folding, null);
  };
  const rows = (most: number | undefined, selected: string | null = null) => {
    const wanted = new Map(most === undefined ? [] : [["each", most]]);
    return rowsOf(outline(flow), many(), flow, new Set(["each"]), selected, wanted);
  };

  it("say how many of those that have begun are listed", () => {
    const cut = rows(undefined).find((row) => row.cut);
    expect(cut).toMatchObject({ depth: 1, cut: { listed: 100, total: 250 } });
    expect(rows(undefined)).toHaveLength(104);
  });
  it("list more on demand, up to all", () => {
    expect(rows(200).find((row) => row.cut)?.cut).toEqual({ listed: 200, total: 250 });
    expect(rows(300).some((row) => row.cut)).toBe(false);
    expect(rows(300)).toHaveLength(253);
  });
  it("list the one that is chosen, wherever it is", () => {
    expect(rows(undefined, "each[249]").map(({ item }) => item.id)).toContain("each[249]");
  });
});

describe("forks", () => {
  it("offer what ran before, the latest first", () => {
    expect(editable(flow, "out", state().nodes)).toEqual([]);
    const { nodes } = state();
    const each = nodes.get("each");
    const done = new Map(nodes).set("each", { ...each!, status: "completed", output: [1] });
    expect(editable(flow, "out", done).map(({ id }) => id)).toEqual(["each"]);
  });
  it("send only what was changed, and name what is no JSON", () => {
    const given = () => [1];
    expect(readOutputs({ each: "[1]" }, given)).toEqual({ outputs: {}, errors: {} });
    expect(readOutputs({ each: "[2]" }, given)).toEqual({ outputs: { each: [2] }, errors: {} });
    expect(readOutputs({ each: "[2" }, given).errors).toHaveProperty("each");
  });
});
