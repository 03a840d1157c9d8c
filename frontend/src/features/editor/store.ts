/** The open editor: the flow with its history, what is chosen, and what the canvas draws. */
import type { EdgeChange, NodeChange } from "@xyflow/react";
import { createStore } from "zustand/vanilla";
import {
  NOTHING,
  toCanvasEdges,
  toCanvasNodes,
  type CanvasEdge,
  type CanvasNode,
  type Selection,
} from "./model/canvas";
import type { FlowDefinition, Position } from "./model/definition";
import { moveNodes } from "./model/edits";
import { begin, record, redo, seal, undo, type Grouping, type History } from "./model/history";
import type { NodeTypes } from "./model/node-types";
import {
  indexProblems,
  mergeProblems,
  type Checked,
  type Problem,
  type ProblemIndex,
} from "./model/problems";

/** Where a new node goes: a place on the canvas, behind a port, or on an edge. */
export type AddTarget = {
  /** Screen pixels where the list of node types opens. */
  at: Position;
  /** Canvas pixels of the new node. */
  position?: Position;
  from?: { source: string; handle: string | null };
  edge?: string;
};

/** The field that the inspector should put the caret into. */
export type FocusRequest = { nodeId: string; field: string | null };

export type EditorState = {
  types: NodeTypes;
  history: History<FlowDefinition>;
  flow: FlowDefinition;
  selection: Selection;
  nodes: CanvasNode[];
  edges: CanvasEdge[];
  checked: Checked | null;
  problems: Problem[];
  problemIndex: ProblemIndex;
  adding: AddTarget | null;
  focus: FocusRequest | null;
  /** The node just added: what is still empty in it is no fault until one has left it. */
  fresh: string | null;
  /** Applies an edit; edits of one group are one step of undo. */
  edit: (change: (flow: FlowDefinition) => FlowDefinition, grouping?: Grouping) => void;
  /** Ends a gesture: the next edit is a step of its own. */
  settle: () => void;
  undo: () => void;
  redo: () => void;
  select: (nodes: Iterable<string>, edges?: Iterable<string>) => void;
  setChecked: (checked: Checked) => void;
  setAdding: (target: AddTarget | null) => void;
  setFocus: (focus: FocusRequest | null) => void;
  setFresh: (nodeId: string) => void;
  /** Starts over with another definition, e.g. the one another person saved. */
  load: (flow: FlowDefinition) => void;
  onNodesChange: (changes: NodeChange<CanvasNode>[]) => void;
  onEdgesChange: (changes: EdgeChange<CanvasEdge>[]) => void;
};

export type EditorStore = ReturnType<typeof createEditorStore>;

/** A drag is one step however long the mouse is held. */
const DRAG: Grouping = { key: "drag", gapMs: Number.POSITIVE_INFINITY };

/** `readOnly` makes every edit go unheard: for people who may only look, and for flows of past runs. */
export function createEditorStore(types: NodeTypes, flow: FlowDefinition, readOnly = false) {
  return createStore<EditorState>()((set, get) => {
    /** Everything that follows from a new history or selection. */
    function derive(history: History<FlowDefinition>, wanted: Selection): Partial<EditorState> {
      const before = get();
      const flow = history.present;
      const same = before.flow.nodes === flow.nodes && before.flow.edges === flow.edges;
      const selection = same ? wanted : existing(wanted, flow);
      return {
        history,
        flow,
        selection,
        fresh: before.fresh !== null && selection.nodes.has(before.fresh) ? before.fresh : null,
        nodes: toCanvasNodes(flow, selection, before.nodes),
        edges: toCanvasEdges(flow, selection, before.edges),
        ...(same ? {} : found(flow, before.checked)),
      };
    }
    function found(flow: FlowDefinition, checked: Checked | null) {
      const problems = mergeProblems(flow, types, checked);
      return { problems, problemIndex: indexProblems(problems) };
    }
    const step = (change: (history: History<FlowDefinition>) => History<FlowDefinition>) =>
      set((state) => derive(change(state.history), state.selection));

    return {
      types,
      history: begin(flow),
      flow,
      selection: NOTHING,
      nodes: toCanvasNodes(flow, NOTHING, []),
      edges: toCanvasEdges(flow, NOTHING, []),
      checked: null,
      ...found(flow, null),
      adding: null,
      focus: null,
      fresh: null,
      edit: (change, grouping) =>
        readOnly ||
        step((history) => record(history, change(history.present), grouping ?? null, Date.now())),
      settle: () => set(({ history }) => ({ history: seal(history) })),
      undo: () => step(undo),
      redo: () => step(redo),
      select: (nodes, edges = []) =>
        set(({ history }) => derive(history, { nodes: new Set(nodes), edges: new Set(edges) })),
      setChecked: (checked) => set((state) => ({ checked, ...found(state.flow, checked) })),
      setAdding: (adding) => readOnly || set({ adding }),
      setFocus: (focus) => set({ focus, ...(focus?.field ? { fresh: null } : {}) }),
      setFresh: (fresh) => set({ fresh }),
      load: (next) => {
        set({ checked: null });
        set(({ selection }) => derive(begin(next), selection));
      },
      onNodesChange: (changes) => {
        measure(changes, get, set);
        const moved = positions(changes);
        if (moved.size > 0) get().edit((flow) => moveNodes(flow, moved), DRAG);
        // The last change of a drag says that it is over.
        if (changes.some((change) => change.type === "position" && change.dragging === false)) {
          get().settle();
        }
        const nodes = chosen(changes, get().selection.nodes);
        if (nodes) get().select(nodes, get().selection.edges);
      },
      onEdgesChange: (changes) => {
        const edges = chosen(changes, get().selection.edges);
        if (edges) get().select(get().selection.nodes, edges);
      },
    };
  });
}

function existing(selection: Selection, flow: FlowDefinition): Selection {
  const nodes = new Set(flow.nodes.map((node) => node.id));
  const edges = new Set(flow.edges.map((edge) => edge.id));
  return {
    nodes: new Set([...selection.nodes].filter((id) => nodes.has(id))),
    edges: new Set([...selection.edges].filter((id) => edges.has(id))),
  };
}

function positions(changes: NodeChange<CanvasNode>[]): Map<string, Position> {
  const moved = new Map<string, Position>();
  for (const change of changes) {
    if (change.type !== "position" || !change.position) continue;
    const { x, y } = change.position;
    moved.set(change.id, { x: Math.round(x), y: Math.round(y) });
  }
  return moved;
}

/** What is chosen after the changes, or null when they do not touch that. */
function chosen(
  changes: (NodeChange<CanvasNode> | EdgeChange<CanvasEdge>)[],
  before: ReadonlySet<string>,
): Set<string> | null {
  const selects = changes.filter((change) => change.type === "select");
  if (selects.length === 0) return null;
  const after = new Set(before);
  for (const { id, selected } of selects) {
    if (selected) after.add(id);
    else after.delete(id);
  }
  return after;
}

/** Sizes are the browser's, not the flow's: they are kept on the drawn nodes only. */
function measure(
  changes: NodeChange<CanvasNode>[],
  get: () => EditorState,
  set: (state: Partial<EditorState>) => void,
): void {
  const sizes = new Map(
    changes.flatMap((change) =>
      change.type === "dimensions" && change.dimensions ? [[change.id, change.dimensions]] : [],
    ),
  );
  if (sizes.size === 0) return;
  const nodes = get().nodes.map((node) => {
    const measured = sizes.get(node.id);
    return measured ? { ...node, measured } : node;
  });
  set({ nodes });
}
