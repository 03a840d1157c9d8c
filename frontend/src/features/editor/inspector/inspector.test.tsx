/** The inspector draws a form from each type's schema and writes what is typed into the flow. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { TooltipProvider } from "@/components/tooltip";
import { EditorContext } from "../context";
import { findNode, type FlowDefinition } from "../model/definition";
import { addNode } from "../model/edits";
import { createOverlayStore } from "../model/overlay";
import { createEditorStore } from "../store";
import { research, typeOf, types } from "../testing/flows";
import { Inspector } from "./inspector";

function open(flow: FlowDefinition, selected: string, readOnly = false) {
  const store = createEditorStore(types, flow, readOnly);
  store.getState().select([selected]);
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity } } });
  for (const list of ["agents", "crews", "providers"]) client.setQueryData(["editor", list], []);
  const names = { agent: () => undefined, crew: () => undefined };
  const context = { store, overlay: createOverlayStore(), names, readOnly };
  render(
    <QueryClientProvider client={client}>
      <TooltipProvider>
        <EditorContext value={context}>
          <Inspector />
        </EditorContext>
      </TooltipProvider>
    </QueryClientProvider>,
  );
  return { store, user: userEvent.setup() };
}

describe("inspector", () => {
  it.each([...types.keys()])("draws a form for %s", (kind) => {
    const { flow, id } = addNode(research(), typeOf(kind), { x: 0, y: 0 });
    open(flow, id);
    expect(screen.getByRole("heading", { name: typeOf(kind).title })).toBeInTheDocument();
    expect(screen.getAllByLabelText("Name")[0]).toHaveValue(findNode(flow, id)?.label);
  });

  it.each([
    ["llm", true],
    ["map", true],
    ["wait", false],
    ["approval", false],
  ])("offers a time-out where it does something: %s", async (kind, offered) => {
    const { flow, id } = addNode(research(), typeOf(kind), { x: 0, y: 0 });
    const { user } = open(flow, id);
    await user.click(screen.getByText("Settings"));
    expect(screen.getByLabelText("Id")).toBeInTheDocument();
    expect(screen.queryAllByLabelText("Time-out")).toHaveLength(offered ? 1 : 0);
  });

  it("shows a time-out that was set where it does nothing, so that it can be taken away", async () => {
    const { flow, id } = addNode(research(), typeOf("wait"), { x: 0, y: 0 });
    const nodes = flow.nodes.map((node) =>
      node.id === id ? { ...node, timeout_seconds: 5 } : node,
    );
    const { user } = open({ ...flow, nodes }, id);
    await user.click(screen.getByText("Settings"));
    expect(screen.getByLabelText("Time-out")).toBeInTheDocument();
  });

  it("writes what is typed, as one step of undo", async () => {
    // On a busy machine a letter may come later than the pause that ends a burst of typing.
    vi.spyOn(Date, "now").mockReturnValue(0);
    const { store, user } = open(research(), "research");
    await user.type(screen.getByLabelText("Expected output"), ", no more");
    const task = findNode(store.getState().flow, "research")?.config.task;
    expect(task).toMatchObject({ expected_output: "Five bullet points, no more" });
    expect(store.getState().history.past).toHaveLength(1);
  });

  it("offers upstream values on {{ and inserts the chosen one at the caret", async () => {
    const { user } = open(research(), "expand");
    const prompt = screen.getByLabelText("Prompt");
    await user.clear(prompt);
    await user.type(prompt, "About {{{{title");
    const options = within(screen.getByRole("listbox")).getAllByRole("option");
    expect(options).toHaveLength(1);
    await user.keyboard("{Enter}!");
    expect(prompt).toHaveValue("About {{ nodes.research.output.title }}!");
    expect(screen.queryByRole("listbox")).not.toBeInTheDocument();
  });

  it("offers paths in CEL and goes through them with the arrow keys", async () => {
    const { user } = open(research(), "check");
    const when = screen.getByLabelText("When");
    await user.clear(when);
    await user.type(when, "inputs.topic == nodes.re{ArrowDown}{Enter}");
    expect(when).toHaveValue("inputs.topic == nodes.research.output.title");
  });

  it("offers functions where they can be called, and waits between their brackets", async () => {
    const { user } = open(research(), "check");
    const when = screen.getByLabelText("When");
    await user.clear(when);
    await user.type(when, "url.enc{Enter}inputs.topic.lowerA{Enter}");
    expect(when).toHaveValue("url.encode(inputs.topic.lowerAscii())");
  });

  it("offers them inside an expression of a template too", async () => {
    const { user } = open(research(), "expand");
    const prompt = screen.getByLabelText("Prompt");
    await user.clear(prompt);
    await user.type(prompt, "On {{{{now{Enter}");
    expect(prompt).toHaveValue("On {{ now() }}");
    await user.type(prompt, ", {{{{json.enc{Enter}nodes.re{ArrowDown}{Enter}");
    expect(prompt).toHaveValue("On {{ now() }}, {{ json.encode(nodes.research.output.title) }}");
  });

  it("renames an id and everything that reads it", async () => {
    const { store, user } = open(research(), "research");
    await user.click(screen.getByText("Settings"));
    const id = screen.getByLabelText("Id");
    await user.clear(id);
    await user.type(id, "facts{Enter}");
    expect(JSON.stringify(store.getState().flow)).not.toContain("nodes.research.output");
    expect([...store.getState().selection.nodes]).toEqual(["facts"]);
  });

  it("says why an id cannot be taken, and leaves the flow alone", async () => {
    const { store, user } = open(research(), "research");
    const before = store.getState().flow;
    await user.click(screen.getByText("Settings"));
    await user.clear(screen.getByLabelText("Id"));
    await user.type(screen.getByLabelText("Id"), "out");
    expect(screen.getByText("Another node has the id out.")).toBeInTheDocument();
    await user.tab();
    expect(store.getState().flow).toBe(before);
  });

  it("adds, moves and removes branches", async () => {
    const { store, user } = open(research(), "check");
    const handles = () =>
      (findNode(store.getState().flow, "check")?.config.cases as { handle: string }[]).map(
        (entry) => entry.handle,
      );
    await user.click(screen.getByRole("button", { name: "Add a branch" }));
    expect(handles()).toEqual(["long", "branch"]);
    await user.click(screen.getByRole("button", { name: "Move branch up" }));
    expect(handles()).toEqual(["branch", "long"]);
    await user.click(screen.getByRole("button", { name: "Remove branch" }));
    expect(handles()).toEqual(["long"]);
  });

  it("gives back what was written when the other choice was only looked at", async () => {
    const { store, user } = open(research(), "research");
    const before = findNode(store.getState().flow, "research")?.config.agent;
    await user.click(screen.getByRole("radio", { name: "Stored agent" }));
    expect(findNode(store.getState().flow, "research")?.config.agent).toBeNull();
    await user.click(screen.getByRole("radio", { name: "Defined here" }));
    expect(findNode(store.getState().flow, "research")?.config.agent).toEqual(before);
  });

  it("keeps the order of values, which the server would lose", async () => {
    const made = addNode(research(), typeOf("output"), { x: 0, y: 0 });
    const { store, user } = open(made.flow, made.id);
    await user.click(screen.getByRole("button", { name: "Add a value" }));
    const [first] = screen.getAllByLabelText("Name of the value");
    await user.clear(first as HTMLElement);
    await user.type(first as HTMLElement, "zebra{Enter}");
    const config = findNode(store.getState().flow, made.id)?.config;
    expect(config?.order).toEqual(["zebra", "value"]);
    store.getState().undo();
    store.getState().undo();
    expect(findNode(store.getState().flow, made.id)?.config.order).toBeUndefined();
  });

  it("cannot be typed into when it is read-only", () => {
    open(research(), "research", true);
    expect(screen.getByLabelText("Goal")).toBeDisabled();
    expect(screen.queryByRole("button", { name: "Remove" })).not.toBeInTheDocument();
  });
});
