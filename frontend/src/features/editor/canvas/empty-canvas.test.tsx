/** An empty canvas says how to begin: otherwise in a body than in a flow. */
import { ReactFlowProvider } from "@xyflow/react";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { TooltipProvider } from "@/components/tooltip";
import { EditorContext } from "../context";
import { readDefinition, type FlowDefinition } from "../model/definition";
import { addNode } from "../model/edits";
import type { Level } from "../model/levels";
import { createOverlayStore } from "../model/overlay";
import { createEditorStore } from "../store";
import { typeOf, types } from "../testing/flows";
import { EmptyCanvas } from "./empty-canvas";

function open(flow: FlowDefinition, level: Level = []) {
  const store = createEditorStore(types, flow, false);
  store.getState().open(level);
  const names = { agent: () => undefined, crew: () => undefined };
  const context = { store, overlay: createOverlayStore(), names, readOnly: false };
  render(
    <ReactFlowProvider>
      <TooltipProvider>
        <EditorContext value={context}>
          <EmptyCanvas />
        </EditorContext>
      </TooltipProvider>
    </ReactFlowProvider>,
  );
  return store;
}

describe("empty canvas", () => {
  it("puts an Input node where its button is", async () => {
    const store = open(readDefinition(null));
    await userEvent.click(screen.getByRole("button", { name: "Add an Input node" }));
    expect(store.getState().flow.nodes.map(({ type }) => type)).toEqual(["input"]);
  });

  it("offers no Input node in a body, which has none", () => {
    const { flow, id } = addNode(readDefinition(null), typeOf("map"), { x: 0, y: 0 });
    open(flow, [{ node: id, iteration: 0 }]);
    expect(screen.getByRole("heading", { name: "This body is empty" })).toBeInTheDocument();
    expect(screen.queryByRole("button", { name: "Add an Input node" })).not.toBeInTheDocument();
  });
});
