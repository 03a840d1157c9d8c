/** The flows that the pages are measured with. */

const NODE = { width: 320, height: 144 };
const LINES = 25;
const STEPS = 40;
/** The first lines are one long line of requests. */
const ASKING = 8;

/**
 * A thousand nodes: an Input, lines of nodes side by side, and an Output. Those of the first lines ask `url`
 * one after the other, so that an execution changes a few nodes at a time, for long.
 */
export function thousand(url) {
  const nodes = [
    node("input", "input", "Topic", { fields: [{ name: "topic", type: "string" }] }),
    node("output", "output", "Result", { values: { topic: "{{ inputs.topic }}" } }),
  ];
  const edges = [];
  const layout = {
    input: { x: -NODE.width, y: 0 },
    output: { x: STEPS * NODE.width, y: 0 },
  };
  let before = "input";
  for (let line = 0; line < LINES; line += 1) {
    if (line >= ASKING) before = "input";
    // Two of the thousand are the ends.
    const steps = line === 0 ? STEPS - 2 : STEPS;
    for (let step = 0; step < steps; step += 1) {
      const id = `step_${line}_${step}`;
      nodes.push(line < ASKING ? asks(id, url) : sets(id, line, step));
      layout[id] = { x: step * NODE.width, y: line * NODE.height };
      edges.push({ id: `${before}-${id}`, source: before, target: id });
      before = id;
    }
    if (line >= ASKING - 1)
      edges.push({ id: `${before}-output`, source: before, target: "output" });
  }
  return { schema: "watchbill.flow/v1", nodes, edges, layout };
}

/** How many Maps the flow below has. */
export const MAPS = 22;

/** An execution of it has ten thousand events: a line of Maps over forty items, in each of which are five nodes. */
export function tenThousandEvents() {
  const items = Array.from({ length: 40 }, (_, index) => index).join(", ");
  const step = (id) => node(id, "transform", `Step ${id}`, { values: { x: "{{ item }}" } });
  const inner = ["a", "b", "c", "d", "e"];
  const body = {
    nodes: inner.map(step),
    edges: inner.slice(1).map((id, index) => ({
      id: `${inner[index]}-${id}`,
      source: inner[index],
      target: id,
    })),
    layout: {},
  };
  const maps = Array.from({ length: MAPS }, (_, index) =>
    node(`map_${index}`, "map", `Map ${index}`, {
      items: `{{ [${items}] }}`,
      body: {
        ...body,
        nodes: body.nodes.map((one) => ({ ...one, id: `${one.id}_${index}` })),
        edges: body.edges.map(({ source, target }) => ({
          id: `${source}-${target}`,
          source: `${source}_${index}`,
          target: `${target}_${index}`,
        })),
      },
    }),
  );
  const nodes = [
    node("input", "input", "Topic", { fields: [] }),
    ...maps,
    node("output", "output", "Result", { values: { done: "yes" } }),
  ];
  const edges = nodes
    .slice(1)
    .map(({ id }, index) => ({ id: `e${index}`, source: nodes[index].id, target: id }));
  return { schema: "watchbill.flow/v1", nodes, edges, layout: {} };
}

function node(id, type, label, config) {
  return { id, type, label, config };
}

function asks(id, url) {
  return node(id, "http_request", `Ask for ${id}`, { url });
}

function sets(id, line, step) {
  return node(id, "transform", `Line ${line}, step ${step}`, {
    values: { value: "{{ inputs.topic }}" },
  });
}
