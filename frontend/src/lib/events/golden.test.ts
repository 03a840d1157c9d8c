/** The event logs that the server's fold is tested with give the same states here. */
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { foldEvent } from "./fold";
import { newFolding, type Folding, type NodeState } from "./state";
import type { ExecutionEvent } from "./types";

const FOLDER = resolve(process.cwd(), "../backend/tests/golden");

type Golden = {
  name: string;
  definition: { nodes: { id: string }[] };
  events: ExecutionEvent[];
  expected: Record<string, unknown> & { nodes: Record<string, Partial<NodeState>> };
};

const files = readdirSync(FOLDER).filter((file) => file.endsWith(".json"));

function fold({ definition, events }: Golden): Folding {
  const state = newFolding(definition.nodes.map(({ id }) => id));
  // Some logs hold only the journal.
  for (const event of events) foldEvent(state, event, { allowGap: true });
  return state;
}

describe("golden event logs", () => {
  it("are there", () => expect(files.length).toBeGreaterThan(0));

  it.each(files)("%s", (file) => {
    const golden = JSON.parse(readFileSync(resolve(FOLDER, file), "utf8")) as Golden;
    const state = fold(golden);
    const { nodes, ...rest } = golden.expected;
    expect(state).toMatchObject(rest);
    expect(Object.keys(nodes)).toEqual(expect.arrayContaining([...state.nodes.keys()]));
    for (const [id, node] of Object.entries(nodes)) {
      // Nodes of a body are known here from their first event on.
      if (node.status === "pending" && !state.nodes.has(id)) continue;
      expect({ id, ...state.nodes.get(id) }).toMatchObject({ id, ...node });
    }
  });
});
