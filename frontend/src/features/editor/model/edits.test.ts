/** Edits change what they say and nothing else. */
import { describe, expect, it } from "vitest";
import { research, typeOf, types } from "../testing/flows";
import { connect, refusal } from "./connect";
import { emptyDefinition, findNode } from "./definition";
import { addNode, idRefusal, insertOnEdge, remove, renameNode, room, updateNode } from "./edits";
import { portsOf } from "./node-types";

describe("addNode", () => {
  it("gives each node an id and label of its own", () => {
    let flow = emptyDefinition();
    const ids = [1, 2, 3].map(() => {
      const added = addNode(flow, typeOf("agent"), { x: 0, y: 0 });
      flow = added.flow;
      return added.id;
    });
    expect(ids).toEqual(["agent", "agent_2", "agent_3"]);
    expect(flow.nodes.map((node) => node.label)).toEqual(["Agent", "Agent 2", "Agent 3"]);
  });

  it("never lays one node on another", () => {
    const first = addNode(emptyDefinition(), typeOf("llm"), { x: 10, y: 10 });
    const second = addNode(first.flow, typeOf("llm"), { x: 10, y: 10 });
    expect(second.flow.layout[second.id]).not.toEqual(second.flow.layout[first.id]);
  });

  it("does not share the default config between nodes", () => {
    const { flow, id } = addNode(emptyDefinition(), typeOf("condition"), { x: 0, y: 0 });
    expect(findNode(flow, id)?.config).not.toBe(typeOf("condition").default_config);
    expect(room(research(), typeOf("input"))).toBe(0);
  });
});

describe("connect", () => {
  const flow = research();
  it.each([
    ["research", "research", null, "A node cannot follow itself."],
    ["expand", "in", null, "Nothing can come before Topic."],
    ["out", "expand", null, "Nothing can come after Report."],
    ["check", "out", "gone", "Check has no branch “gone”."],
    ["check", "out", null, "Check has no branch “default”."],
    ["in", "research", null, "Topic is already connected to Research."],
    ["expand", "research", null, "Research already runs before Expand. Edges cannot form a cycle."],
    ["in", "nowhere", null, "One of the two nodes no longer exists."],
  ])("%s -> %s (%s) is refused", (source, target, handle, reason) => {
    const connection = { source, target, handle };
    expect(refusal(flow, connection, types)).toBe(reason);
    expect(connect(flow, connection, types)).toBe(flow);
  });

  it("makes an edge, with a handle only where there is one", () => {
    const next = connect(flow, { source: "in", target: "out", handle: null }, types);
    expect(next.edges.at(-1)).toEqual({ id: "in-out", source: "in", target: "out" });
    const branch = connect(flow, { source: "check", target: "expand", handle: "long" }, types);
    expect(branch.edges.at(-1)).toMatchObject({ source_handle: "long" });
  });
});

describe("remove", () => {
  it("takes the edges and the place with the node", () => {
    const next = remove(research(), new Set(["check"]));
    expect(next.edges.map((edge) => edge.id)).toEqual(["e1", "e5"]);
    expect(next.layout).not.toHaveProperty("check");
  });
  it("leaves the flow alone when there is nothing to remove", () => {
    const flow = research();
    expect(remove(flow, new Set(["nothing"]))).toBe(flow);
  });
});

describe("renameNode", () => {
  const next = renameNode(research(), "research", "facts", types);
  it("rewrites edges and layout", () => {
    expect(next.edges.filter((edge) => [edge.source, edge.target].includes("facts"))).toHaveLength(
      2,
    );
    expect(next.layout.facts).toEqual({ x: 320, y: 0 });
    expect(next.layout).not.toHaveProperty("research");
  });
  it("rewrites templates, CEL and index references, but not plain text", () => {
    expect(findNode(next, "expand")?.config.prompt).toBe(
      "Expand {{ nodes.facts.output.title }}, “nodes.research”",
    );
    expect(findNode(next, "check")?.config.cases).toEqual([
      { handle: "long", when: "size(nodes.facts.output.title) > 200" },
    ]);
    expect(findNode(next, "out")?.config.values).toEqual({ report: '{{ nodes["facts"].output }}' });
  });
  it("keeps every node that does not read it", () => {
    expect(findNode(next, "in")).toBe(next.nodes[0]);
    expect(renameNode(next, "facts", "out", types)).toBe(next);
    expect(idRefusal(next, "facts", "Bad Id")).toContain("Start the id with a letter");
    expect(idRefusal(next, "facts", "out")).toContain("out");
  });
});

describe("updateNode", () => {
  it("lets edges follow a branch that is renamed", () => {
    const path = ["config", "cases", 0, "handle"];
    const next = updateNode(research(), "check", path, "detailed", types);
    expect(next.edges.find((edge) => edge.id === "e3")?.source_handle).toBe("detailed");
    expect(next.edges.find((edge) => edge.id === "e4")?.source_handle).toBe("short");
  });
  it("lets readers follow an input that is renamed", () => {
    const next = updateNode(research(), "in", ["config", "fields", 0, "name"], "subject", types);
    expect(JSON.stringify(next)).not.toContain("inputs.topic");
    expect(findNode(next, "research")?.config.task).toMatchObject({
      description: "Research {{ inputs.subject }}",
    });
  });
  it("adds a port for failures", () => {
    const next = updateNode(research(), "expand", ["on_error"], "branch", types);
    const node = findNode(next, "expand");
    expect(node && portsOf(node, types).map((port) => port.handle)).toEqual([null, "error"]);
  });
});

describe("insertOnEdge", () => {
  it("joins both halves and keeps the branch", () => {
    const added = insertOnEdge(research(), "e3", typeOf("llm"), types);
    const joined = added?.flow.edges.filter((edge) =>
      [edge.source, edge.target].includes(added.id),
    );
    expect(joined).toMatchObject([
      { source: "check", source_handle: "long", target: "llm" },
      { source: "llm", target: "out" },
    ]);
    expect(added?.flow.edges.some((edge) => edge.id === "e3")).toBe(false);
  });
  it("refuses a node that nothing may lead into", () => {
    expect(insertOnEdge(research(), "e3", typeOf("input"), types)).toBeNull();
  });
});
