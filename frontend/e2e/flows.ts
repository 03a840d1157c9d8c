/** Flows that the browser tests run: one that asks a person, one that goes through a list. */

export const input = (fields: object[]) => ({
  id: "in",
  type: "input",
  label: "Input",
  config: { fields },
});
export const output = (values: object) => ({
  id: "out",
  type: "output",
  label: "Output",
  config: { values },
});

/** A row of nodes, each behind the one before. */
export function line(...nodes: { id: string }[]) {
  const edges = nodes.slice(1).map(({ id }, index) => ({
    id: `e${index}`,
    source: nodes[index]?.id,
    target: id,
  }));
  const layout = Object.fromEntries(nodes.map(({ id }, index) => [id, { x: index * 320, y: 0 }]));
  return { schema: "watchbill.flow/v1", nodes, edges, layout };
}

const approval = {
  id: "check",
  type: "approval",
  label: "Check",
  config: {
    title: "Send {{ inputs.amount }} euros?",
    details: "It goes to **Ada**.",
    fields: [{ name: "account", type: "string", label: "From which account", required: true }],
  },
};

const each = {
  id: "each",
  type: "map",
  label: "Each topic",
  config: {
    items: "{{ inputs.topics }}",
    body: {
      nodes: [
        {
          id: "shout",
          type: "transform",
          label: "Shout",
          config: { values: { text: "{{ item }}!" } },
        },
      ],
      edges: [],
      layout: { shout: { x: 0, y: 0 } },
    },
  },
};

export const asking = {
  ...line(
    input([{ name: "amount", type: "integer" }]),
    approval,
    output({ by: "{{ nodes.check.output.by }}" }),
  ),
  edges: [
    { id: "e0", source: "in", target: "check" },
    { id: "e1", source: "check", source_handle: "approved", target: "out" },
  ],
};
export const mapping = line(
  input([{ name: "topics", type: "list" }]),
  each,
  output({ all: "{{ nodes.each.output }}" }),
);
